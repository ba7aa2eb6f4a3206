"""Reference lines of the page's trade-off chart: no name hides another."""

from dataclasses import replace

from benchmark.record.store import write_record
from benchmark.report.answer import answer_from_records
from benchmark.report.page.write import write_page
from tests.browser import ready, visit
from tests.made_up_results import records, write_groups

LINES = {"oracle": 0.24, "raters' ceiling": 0.243, "noise floor": 0.246}


def test_three_lines_close_together_have_their_names_above_below_and_at_the_other_end(
    browser, tmp_path
):
    scores = records()[0].scores
    references = {name: dict.fromkeys(scores, value) for name, value in LINES.items()}
    made = [replace(one, references=references) for one in records()]
    for one in made:
        write_record(tmp_path, one, {})
    groups = {one.cell: one.group for one in made}
    write_groups(tmp_path, "mine", groups)
    address = write_page(answer_from_records(tmp_path, "mine"), tmp_path, {}).as_uri()
    with visit(browser, address) as one:
        ready(one)
        labels = one.page.evaluate(
            "document.getElementById('tradeoff-chart').layout.annotations"
            ".map(one => [one.text, [one.xanchor, one.yanchor]])"
        )
        assert one.said == []
    assert dict(labels) == {
        "oracle 0.240": ["right", "top"],
        "raters' ceiling 0.243": ["left", "bottom"],
        "noise floor 0.246": ["right", "bottom"],
    }
