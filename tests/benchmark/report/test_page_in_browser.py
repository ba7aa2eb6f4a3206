"""The page as its readers meet it: in a browser, on a phone, on paper, without script.

Plotly keeps what it drew in `.data` and `.layout` of the chart's element.
"""

import pytest

from benchmark.report.apart import STEP
from benchmark.report.grid import Column, Grid
from benchmark.report.page.write import jinja
from tests.browser import CURVES, ready, visit
from tests.made_up_results import HOSTILE_MODEL


@pytest.mark.parametrize(
    ("size", "looks"), [("desktop", {}), ("phone", {}), ("desktop", {"color_scheme": "dark"})]
)
def test_the_page_opens_in_silence_asks_the_network_for_nothing_and_fits(
    browser, address, size, looks
):
    with visit(browser, address, size, **looks) as one:
        ready(one)
        drawn = one.page.eval_on_selector_all(".plot .main-svg", "all => all.length")
        wider = one.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert one.page.title() == "Study mine: report of mer-benchmark"
        assert drawn >= 6
        assert wider <= 0
        assert one.said == []
        assert one.asked == [address]


SHOWN = """() => document.getElementById('songs-list').innerText
    + [...document.querySelectorAll('.plot')].map(one => JSON.stringify(one.data)).join()
    + [...document.querySelectorAll('figcaption, h3, #copied')].map(one => one.innerText)"""


def changes(page, act):
    """Tell whether an act changes within a second what is shown."""
    before = page.evaluate(SHOWN)
    act()
    for _ in range(20):
        if page.evaluate(SHOWN) != before:
            return True
        page.wait_for_timeout(50)
    return False


def test_every_heading_stands_above_its_column(browser, tmp_path):
    columns = (
        Column("model", is_text=True), Column("first", "left"), Column("second", "left"),
        Column("between"), Column("third", "right"), Column("last"),
    )  # fmt: skip
    line = tuple(f"{column.heading} {column.side}".strip() for column in columns)
    table = jinja().get_template("parts.html").module.table(Grid("title", columns, (line,)))
    path = tmp_path / "table.html"
    path.write_text(str(table))
    with visit(browser, path.as_uri()) as one:
        boxes = one.page.evaluate("""() => [...document.querySelectorAll('tr')].map(row =>
            [...row.cells].map(cell => [cell.innerText, cell.offsetLeft, cell.offsetWidth]))""")
    heads = [head for row in boxes[:-1] for head in row]
    for told, left, width in boxes[-1]:
        middle = left + width / 2
        above = {text for text, start, wide in heads if start < middle < start + wide}
        assert above == set(told.split())


def test_every_choice_and_every_button_draws_something_else(desk):
    seen = set()
    for choice in [one for one in desk.query_selector_all("select") if one.is_visible()]:
        name, first = choice.get_attribute("id"), choice.input_value()
        options = choice.eval_on_selector_all("option", "all => all.map(one => one.value)")
        for option in [one for one in options if one != first] + [first]:
            assert changes(desk, lambda: choice.select_option(option)), f"{name}: {option}"  # noqa: B023
        seen.add(name)
    assert seen >= {
        "tradeoff-bars",
        "songs-order",
        "songs-beside",
        "lengths-target",
        "learning-row",
    }
    assert {one.inner_text() for one in desk.query_selector_all("main .controls button")} == {
        "Worst song", "Previous", "Next", "Best song", "Copy the commands",
    }  # fmt: skip
    for button in ("songs-best", "songs-previous", "songs-next", "songs-worst", "copy"):
        assert changes(desk, lambda: desk.click(f"#{button}")), button  # noqa: B023


def test_rows_with_the_same_count_are_drawn_apart_by_little_and_incomplete_ones_not_at_all(drawn):
    points = drawn.evaluate(
        "document.getElementById('tradeoff-chart').data"
        ".filter(one => one.mode === 'markers').map(one => [one.name, one.x[0]])"
    )
    counts = dict(points)
    alike = [counts[name] for name in ("crnn, L=60", "crnn, L=10", "constant")]  # of 35,000 each
    assert "crnn_nb" not in counts  # one cell failed, one diverged, one is missing
    assert alike[1] == pytest.approx(35_000)
    assert alike[1] / alike[0] == alike[2] / alike[1] == pytest.approx(STEP, rel=1e-3)
    assert "drawn side by side" in drawn.inner_text("#tradeoff-chart-caption")


def test_hostile_names_are_shown_as_they_are_written_and_never_run(drawn):
    assert drawn.evaluate("typeof hacked") == "undefined"
    assert HOSTILE_MODEL in drawn.inner_text("#results")
    assert "<b>bold</b> %{x}" in drawn.inner_text("#problems")
    legend = drawn.locator("#tradeoff-chart .legendtext").all_text_contents()
    assert HOSTILE_MODEL in legend


def test_paper_is_light_complete_and_without_controls(browser, address):
    with visit(browser, address, color_scheme="dark") as one:
        ready(one)
        one.page.emulate_media(media="print", color_scheme="dark")
        one.page.wait_for_selector("html.paper")
        ground = one.page.evaluate("getComputedStyle(document.body).backgroundColor")
        ink = one.page.evaluate(f"{CURVES}.layout.font.color")
        widest = one.page.evaluate("Math.max(...[...document.querySelectorAll('.plot .main-svg')]"
                                   ".map(svg => svg.getBoundingClientRect().width))")  # fmt: skip
        assert ground == "rgb(255, 255, 255)"
        assert ink == "#1c1f23"
        assert widest <= 703  # A4 less 12 mm on both sides, at 96 pixels an inch
        assert not one.page.is_visible("#songs-worst")
        assert one.page.pdf(format="A4").startswith(b"%PDF")
        assert one.said == []


def test_without_scripts_tables_figure_and_commands_remain(browser, address):
    with visit(browser, address, javascript=False) as one:
        page = one.page
        assert page.is_visible("#results table")
        assert page.is_visible("#tradeoff img")
        assert page.evaluate("document.querySelector('#tradeoff img').naturalWidth") > 1000
        assert "--study same.yaml" in page.inner_text("#commands")
        assert not page.is_visible("select")
        assert one.asked == [address]
