import csv
from io import StringIO

import pytest
from rich.console import Console

from benchmark.analysis.ranking import rankings
from benchmark.errors import ResultsError
from benchmark.record.store import write_plan, write_record
from benchmark.report import grid
from benchmark.report.answer import Answer, answer_from_records
from benchmark.report.export import rows_csv
from benchmark.report.figures.tradeoff import tradeoff_figure
from benchmark.report.grid import terminal_tables
from benchmark.report.views.components import ComponentsView
from benchmark.report.views.scores import main_grid, notes
from benchmark.report.write import write_answer
from tests.made_up_records import make_record
from tests.made_up_rows import make_table
from tests.small_models import make_cell


def markdown(table):
    return "\n".join(
        grid.markdown(one)
        for one in (
            main_grid(table),
            *ComponentsView().table_grids(Answer("mine", [], [table]), table),
        )
    )


RECORDS = [make_record(), make_record(repetition=2), make_record(model="constant")]


def test_markdown_holds_both_conventions_floors_and_the_oracle():
    text = markdown(make_table(*RECORDS))
    assert "| crnn | 60 | 2 | 35,000 | 0.300 ± 0.000 | 0.200 ± 0.000 | 0.250 ± 0.000 |" in text
    assert "| (oracle of song means) | - |" in text
    assert "| constant | 60 | 1 |" in text
    assert "(six, labels deam, 24 + 3 songs)" in text
    assert "- Digest of the songs: dddddddddddd." in text


def test_missing_cells_are_said_aloud_and_leave_the_row_empty():
    table = make_table(*RECORDS, missing=3)
    assert "| crnn | 60 | 2 of 5 |  |  |  |" in markdown(table)
    assert "crnn: 2 of 5 cells done, so no mean." in notes(table)


def test_csv_is_tidy_at_full_precision():
    rows = list(csv.DictReader(StringIO(rows_csv([make_table(*RECORDS)], {}))))
    assert [row["model"] for row in rows] == ["crnn", "constant", "(oracle of song means)"]
    assert float(rows[0]["rmse_valence"]) == 0.3
    assert rows[0]["n_cells"] == "2"


@pytest.mark.parametrize(("width", "n_tables"), [(140, 1), (100, 2), (80, 2)])
def test_a_narrow_terminal_gets_one_table_per_convention(width, n_tables):
    console = Console(width=width, record=True, file=StringIO())
    drawn = terminal_tables(main_grid(make_table(*RECORDS)), width)
    for table in drawn:
        console.print(table)
    assert len(drawn) == n_tables
    assert console.export_text().count("0.300 ± 0.000") == 1


def test_a_caveat_is_part_of_every_table():
    synthetic = make_table(make_record(dataset="synthetic", dataset_options={}))
    assert "dataset synthetic: numbers say nothing about music" in markdown(synthetic)


def test_the_figure_is_drawn_from_complete_rows(tmp_path):
    table = make_table(*RECORDS)
    path = tradeoff_figure(table, rankings(table), tmp_path / "deep" / "figure.png")
    assert path is not None
    assert path.read_bytes().startswith(b"\x89PNG")


def test_no_figure_is_drawn_where_every_row_is_incomplete(tmp_path):
    table = make_table(make_record(), missing=1)
    assert tradeoff_figure(table, rankings(table), tmp_path / "figure.png") is None


def test_an_answer_is_built_from_records_and_plans_alone(tmp_path):
    cells = [make_cell("crnn", repetition=n) for n in (1, 2, 3)]
    write_plan(tmp_path, "mine", cells)
    for cell in cells[:2]:
        record = make_record(**cell.plain())
        write_record(tmp_path, record, {})
    answer = answer_from_records(tmp_path, "mine")
    (row,) = answer.as_json()["rows"]
    assert (row["n_cells"], row["n_missing"], row["rmse_valence"]) == (2, 1, None)
    written = write_answer(answer, tmp_path)
    assert [path.name for path in written] == ["mine.csv", "mine.md", "mine.tex"]


def test_records_copied_without_their_plans_are_all_asked_for(tmp_path):
    write_record(tmp_path, make_record(), {})
    (row,) = answer_from_records(tmp_path).as_json()["rows"]
    assert (row["n_cells"], row["n_missing"]) == (1, 0)


def test_a_study_that_never_ran_is_explained(tmp_path):
    with pytest.raises(ResultsError, match="No run of study 'mine'"):
        answer_from_records(tmp_path, "mine")


def test_rows_without_any_record_are_counted(tmp_path):
    for record in RECORDS:
        write_record(tmp_path, record, {})
    asked = {record.cell: record.group for record in RECORDS} | {"x": "new", "y": "new"}
    answer = answer_from_records(tmp_path, None, asked)
    note = "Not begun: 2 cells of 1 further rows have no record yet."
    assert note in answer.headline[0].notes
    assert note in answer.markdown()
    assert answer.as_json()["cells_not_begun"] == 2
