"""The page's songs as its readers meet them: the list, the chosen song's curves, its raters.

Plotly keeps what it drew in `.data` and `.layout` of the chart's element.
"""

import numpy as np
import pytest

from tests.browser import CURVES, ready, visit
from tests.made_up_results import (
    PREDICTED,
    RATED,
    SPLIT,
    write_mine,
    write_unfinished_beside,
)


@pytest.fixture(scope="module")
def half_finished(tmp_path_factory):
    return write_unfinished_beside(tmp_path_factory.mktemp("half")).as_uri()


def heading(page):
    return page.inner_text("#songs-chosen")


def test_the_worst_song_comes_first_and_the_buttons_lead_to_both_ends(desk):
    # per-song RMSE of the records: e0 .25, e1 .15, e2 .30 on average
    first = desk.inner_text("#songs-list tr:first-child")
    assert first.split() == ["e2", "17", "0.400", "0.200", "0.300"]  # 33 frames: 16.5 s
    assert heading(desk).startswith("Song e2")
    desk.click("#songs-best")
    assert heading(desk).startswith("Song e1")


def test_the_curves_are_the_annotations_and_mean_lowest_and_highest_of_the_repetitions(drawn):
    traces = drawn.evaluate(f"{CURVES}.data.map(one => ({{name: one.name, axis: one.yaxis,"
                           " x: one.x, y: one.y}))")  # fmt: skip
    song = SPLIT.evaluation[2]
    for side, axis in enumerate(("y", "y2")):
        truth = next(one for one in traces if one["name"] == "annotated" and one["axis"] == axis)
        np.testing.assert_allclose(truth["x"], song.times)
        np.testing.assert_allclose(truth["y"], song.annotations[:, side], atol=5.01e-4)
        low, high, mean = [one for one in traces if one["axis"] == axis][:3]
        np.testing.assert_allclose(mean["y"], np.mean(list(PREDICTED.values())), atol=1e-6)
        np.testing.assert_allclose(low["y"], min(PREDICTED.values()), atol=1e-6)
        np.testing.assert_allclose(high["y"], max(PREDICTED.values()), atol=1e-6)


@pytest.fixture(scope="module")
def with_raters(tmp_path_factory):
    return write_mine(tmp_path_factory.mktemp("rated"), split=RATED).as_uri()


DRAWN_RATERS = (
    f"{CURVES}.data.filter(one => one.name === '3 raters').map(one => [one.yaxis, one.y])"
)


def test_raters_are_drawn_behind_the_annotations_once_they_are_asked_for(browser, with_raters):
    with visit(browser, with_raters) as one:
        ready(one)
        assert one.page.inner_text("label[for=songs-raters]").strip() == "3 raters"
        assert one.page.evaluate(DRAWN_RATERS) == []
        one.page.check("#songs-raters")
        one.page.wait_for_function(f"{CURVES}.data[0].name === '3 raters'")
        traces = one.page.evaluate(DRAWN_RATERS)
        raters = np.round(RATED.evaluation[2].raters.curves_RT2, 2)
        assert [axis for axis, _ in traces] == ["y", "y2"]
        for side, (_, values) in enumerate(traces):
            expected = [
                value for curve in raters[:, :, side] for value in [*map(float, curve), None]
            ]
            assert values == [None if v is None else pytest.approx(v, abs=1e-6) for v in expected]
        assert "Thin grey lines: its 3 raters." in one.page.inner_text("#songs-curves-caption")
        low, high = one.page.evaluate(f"{CURVES}.layout.yaxis.range")
        assert low <= -1
        assert high >= 1
        one.page.click("#songs-best")  # another song, shown the same way
        one.page.wait_for_function(f"{CURVES}.data[0].x.length === 3 * (20 + 1)")
        one.page.uncheck("#songs-raters")
        one.page.wait_for_function(f"{CURVES}.data[0].name !== '3 raters'")
        assert one.said == []
        assert one.asked == [with_raters]


def test_a_table_without_raters_offers_none(drawn, browser, without_curves):
    assert not drawn.is_visible("#songs-raters")
    with visit(browser, without_curves) as one:
        ready(one)
        assert not one.page.is_visible("#songs-raters")


SLOW = """() => {
    const whole = Response.prototype.arrayBuffer;
    Response.prototype.arrayBuffer = async function () {
        const bytes = await whole.call(this);
        await new Promise((done) => setTimeout(done, 300));
        document.documentElement.dataset.unpacked = "yes";
        return bytes;
    };
}"""  # every curve that is not unpacked yet takes a while


def curves_drawn(page):
    """Return what the curves are called once the slow ones have arrived."""
    page.wait_for_selector("html[data-unpacked]")
    page.wait_for_timeout(300)
    return set(page.evaluate(f"{CURVES}.data.map(one => one.name).filter(one => one)"))


def test_curves_that_were_slow_to_unpack_are_not_drawn_over_those_chosen_later(desk):
    rows = desk.eval_on_selector_all("#songs-row option", "all => all.map(one => one.innerText)")
    desk.evaluate(SLOW)
    desk.select_option("#songs-row", label="crnn, L=10")
    desk.select_option("#songs-row", label="crnn, L=60")
    assert {"crnn, L=10", "crnn, L=60"} <= set(rows)
    assert curves_drawn(desk) == {"crnn, L=60", "annotated"}


def test_a_table_without_finished_cells_shows_no_songs_of_the_other(browser, half_finished):
    with visit(browser, half_finished) as one:
        ready(one)
        page = one.page
        page.evaluate(SLOW)
        page.select_option("#songs-row", label="crnn, L=10")
        page.select_option("#table", "1")
        curves_drawn(page)
        said = page.inner_text("#songs").splitlines()
        buttons = page.locator("#songs .controls button")
        assert [line for line in said if line] == [
            "Songs", "No cell has finished, so no song has a score.",
        ]  # fmt: skip
        assert not page.is_visible("#songs-curves")
        assert buttons.count() == 4
        for button in buttons.all():
            assert button.is_disabled()
            button.evaluate("button => button.click()")
        page.select_option("#table", "0")
        assert heading(page).startswith("Song e2")
        assert page.is_visible("#songs-curves")
        assert page.is_enabled("#songs-worst")
        assert one.said == []


def test_songs_are_chosen_by_keyboard_and_the_focus_is_visible(desk):
    desk.focus("#songs-beside")
    for _ in range(20):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.closest('#songs-list') !== null"):
            break
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.innerText") == "e0"
    assert desk.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    desk.keyboard.press("Enter")
    assert heading(desk).startswith("Song e0")
    assert desk.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"


def test_a_point_of_the_scatter_chooses_its_song(desk):
    desk.locator("#songs-scatter").scroll_into_view_if_needed()
    point = desk.locator("#songs-scatter .point").nth(0).bounding_box()  # e0, as in the dataset
    desk.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    desk.mouse.down()
    desk.mouse.up()
    desk.wait_for_function(
        "document.querySelector('#songs-chosen').innerText.startsWith('Song e0')"
    )


def test_records_alone_give_scores_per_song_and_say_why_there_are_no_curves(
    browser, without_curves
):
    with visit(browser, without_curves) as one:
        ready(one)
        assert (
            "the annotations of these songs are not in this results folder"
            in one.page.inner_text("#songs-why")
        )
        assert one.page.locator("#songs-list tr").count() == 3
        assert not one.page.is_visible("#songs-curves")
        assert "licence" not in one.page.inner_text("footer").split("Made from")[0]
        assert one.said == []
