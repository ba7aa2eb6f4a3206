"""Nothing of the page is lost: on a phone, on a wide screen, on paper, without its script."""

import json
import re
from dataclasses import replace

import pytest

from benchmark.record.store import write_record
from benchmark.report.answer import answer_from_records
from benchmark.report.grid import Column, Grid
from benchmark.report.page.write import jinja, unbroken, write_page
from benchmark.report.palette import LOOKS, look_of, mark_size
from tests.browser import ready, visit
from tests.made_up_records import make_record
from tests.made_up_results import HOSTILE_MODEL, PER_SONG, records, write_groups

LONG = {"dropout": 0.20397078570570382, "learning_rate": 0.0009669101742415781, "width": 32}
ROW = {"sequence_length": None, "per_song": PER_SONG}


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Lend the address of a page with long names, few epochs and a table of nine measures."""
    folder = tmp_path_factory.mktemp("wide")
    shapes = {
        f"{shape}_{target}_per_song": 0.123
        for shape in ("mae", "pearson_r", "ccc")
        for target in ("valence", "arousal", "average")
    }
    more = {f"pearson_r_{target}": [0.1, 0.2, 0.3] for target in ("valence", "arousal")}
    made = [*records(), make_record(model="blstm_ensemble", settings=LONG, config=LONG, **ROW)]
    made = [
        replace(one, scores=one.scores | shapes, per_song=one.per_song | more)
        if one.status == "done" else one
        for one in made
    ]  # fmt: skip
    for one in made:
        write_record(folder, one, {})
    groups = {one.cell: one.group for one in made}
    write_groups(folder, "mine", groups)
    return write_page(answer_from_records(folder), folder, {}).as_uri()


@pytest.fixture(scope="module")
def on_phone(browser, wide):
    with visit(browser, wide, "phone") as one:
        ready(one)
        yield one.page


def test_a_folder_of_one_study_has_its_name(browser, wide):
    assert wide.endswith("/report/mine.html")
    with visit(browser, wide, javascript=False) as one:
        assert one.page.inner_text("h1") == "Study mine"


CUT = """() => [...document.querySelectorAll('.plot')].flatMap(plot => {
    const right = plot.getBoundingClientRect().right;
    return [...plot.querySelectorAll('.legendtext')]
        .filter(one => one.getBoundingClientRect().right > right + 1).map(one => one.textContent);
})"""
CLASHES = """() => [...document.querySelectorAll('.plot')].flatMap(plot => {
    const boxes = [...plot.querySelectorAll('.legendtext')].map(one => [one.textContent, one.getBoundingClientRect()]);
    return boxes.flatMap(([name, a], i) => boxes.slice(i + 1)
        .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1)
        .map(([other]) => [name, other]));
})"""  # noqa: E501


@pytest.mark.parametrize("size", ["phone", "wide", "paper"])
def test_legends_are_whole(browser, wide, size):
    with visit(browser, wide, "phone" if size == "phone" else "wide") as one:
        ready(one)
        if size == "paper":
            one.page.emulate_media(media="print")
            one.page.wait_for_selector("html.paper")
        assert one.page.evaluate(CUT) == []
        assert one.page.evaluate(CLASHES) == []
        names = one.page.locator("#tradeoff-chart .legendtext").all_text_contents()
        searched = "blstm_ensemble (dropout=0.204, learning_rate=0.000967, width=32)"
        assert searched in [" ".join(name.split()) for name in names] or any(
            name.replace("\xa0", " ").startswith("blstm_ensemble (dropout=0.204,") for name in names
        )
        assert HOSTILE_MODEL.replace(" ", "") in [name.replace(" ", "") for name in names]


def test_a_table_that_is_wider_than_its_place_says_so_and_one_that_is_not_does_not(
    browser, wide, on_phone
):
    hints = """() => [...document.querySelectorAll('.wide')].filter(one => one.nextElementSibling
        ?.matches('.scroll-hint')).map(one => [one.scrollWidth > one.clientWidth + 1,
        getComputedStyle(one.nextElementSibling).display !== 'none'])"""
    found = on_phone.evaluate(hints)
    assert all(is_wider == says for is_wider, says in found)
    assert [True, True] in found
    assert on_phone.evaluate("document.querySelector('.list + .scroll-hint') !== null")
    shadow = on_phone.evaluate(
        "getComputedStyle(document.querySelector('#results .wide')).backgroundAttachment"
    )
    assert shadow == "local, scroll"
    with visit(browser, wide, "wide") as one:
        ready(one)
        assert not any(says for _, says in one.page.evaluate(hints))


def test_no_column_is_lost_on_a_wide_screen_whose_margins_are_free(browser, wide):
    with visit(browser, wide, "wide") as one:
        ready(one)
        lost = one.page.evaluate("""() => [...document.querySelectorAll('.wide table')]
            .filter(one => one.getBoundingClientRect().right > innerWidth).length""")
        assert lost == 0


def test_names_break_after_an_underscore_and_inside_no_word(on_phone):
    pieces = on_phone.evaluate("""() => {
        const cell = [...document.querySelectorAll('#results tbody th')]
            .find(one => one.textContent.startsWith('blstm_ensemble'));
        const range = document.createRange();
        return [...cell.childNodes].filter(one => one.nodeType === 3).flatMap(node =>
            [...node.data.matchAll(/[^ _]+/g)].map(word => {
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                return [word[0], range.getClientRects().length];
            }));
    }""")
    assert ["blstm", 1] in pieces
    assert all(n_lines == 1 for _, n_lines in pieces)


def test_a_name_in_a_chart_breaks_between_its_words(on_phone):
    labels = on_phone.evaluate("document.getElementById('repetitions-chart').layout.yaxis.ticktext")
    (label,) = [one for one in labels if one.startswith("blstm_")]
    assert label.split("<br>")[0] == "blstm_ensemble"


def test_epochs_are_whole(on_phone):
    axis = on_phone.evaluate("document.getElementById('learning-chart').layout.xaxis")
    assert (axis["tick0"], axis["dtick"]) == (0, 1)  # curves of two epochs


def test_cells_break_before_their_spread_or_interval_not_inside():
    space = "\N{NO-BREAK SPACE}"
    assert unbroken("0.246 ± 0.006") == f"0.246 ±{space}0.006"
    assert unbroken("+0.002 [-0.006, +0.008]") == f"+0.002 [-0.006,{space}+0.008]"
    assert unbroken("crnn, L=60") == "crnn, L=60"


def test_a_printer_that_does_not_wait_prints_no_bare_heading(browser, wide):
    with visit(browser, wide, javascript=False) as one:
        one.page.emulate_media(media="print")
        for section in ("lengths", "repetitions", "learning", "songs", "tradeoff"):
            said = one.page.inner_text(f"#{section}").splitlines()
            assert len([line for line in said if line.strip()]) > 1 or one.page.is_visible(
                f"#{section} img"
            ), section


def test_code_is_not_split_over_pages_and_heads_stay_with_their_tables(on_phone):
    on_phone.emulate_media(media="print")
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert on_phone.evaluate(style.format("pre", "breakInside")) == "avoid"
    assert on_phone.evaluate(style.format("thead", "breakAfter")) == "avoid"
    on_phone.emulate_media(media="screen")


def test_every_chart_draws_a_model_in_its_colour_and_mark(drawn):
    points = {
        one["name"]: one["marker"]
        for one in drawn.evaluate("document.getElementById('tradeoff-chart').data")
        if one["mode"] == "markers"
    }
    for name, model, length in (
        ("crnn, L=60", "crnn", 60), ("crnn, L=10", "crnn", 10), ("constant", "constant", None),
    ):  # fmt: skip
        look = LOOKS[model]
        marker = points[name]
        assert (marker["color"], marker["symbol"]) == (look.colour, look.mark.symbol)
        assert marker["size"] == pytest.approx(1.25 * mark_size(length), abs=0.06)
    chart = "document.getElementById('learning-chart')"
    lines = drawn.evaluate(f"{chart}.data.map(one => one.line.color)")
    assert set(lines) == {LOOKS["crnn"].colour, look_of(HOSTILE_MODEL).colour}


def test_a_dark_screen_has_the_colours_for_dark(browser, address):
    with visit(browser, address, color_scheme="dark") as one:
        ready(one)
        chart = one.page.evaluate("JSON.stringify(document.getElementById('tradeoff-chart').data)")
    colours = {one["marker"]["color"] for one in json.loads(chart) if one["mode"] == "markers"}
    assert LOOKS["crnn"].colour_on_dark in colours
    assert LOOKS["crnn"].colour not in colours


def test_the_row_header_of_a_table_is_the_name_and_nothing_more():
    grid = Grid("t", (Column("model", is_text=True), Column("x")), (("a_b <c>", "1"),))
    text = str(jinja().get_template("parts.html").module.table(grid))
    assert re.search(r"<th[^>]*>a_<wbr>b &lt;c&gt;</th>", text)


def test_another_metric_is_drawn_in_every_chart_of_scores(browser, wide):
    with visit(browser, wide) as one:
        ready(one)
        title = "document.getElementById('{}-chart').layout.{}.title.text"
        for name, axis in (("tradeoff", "yaxis"), ("lengths", "yaxis"), ("repetitions", "xaxis")):
            first = one.page.evaluate(title.format(name, axis))
            one.page.select_option(f"#{name}-metric", "ccc")
            assert first == "RMSE, lower is better"
            assert one.page.evaluate(title.format(name, axis)) == "CCC, higher is better"
        points = "document.getElementById('tradeoff-chart').data"
        assert one.page.evaluate(f"{points}.find(row => row.name === 'crnn, L=60').y") == [0.123]
        one.page.select_option("#songs-metric", "pearson_r")
        chosen = one.page.inner_text("#songs-chosen")
        assert chosen == "Song e2: Pearson r 0.300 valence, 0.300 arousal"
        assert one.said == []
