"""What other programs read: strict CSV, JSON as its schema says, LaTeX that compiles."""

import csv
import json
from dataclasses import replace
from importlib.resources import files
from io import StringIO

import jsonschema
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from benchmark.report.answer import Answer
from benchmark.report.export import rows_csv
from benchmark.report.grid import Column, Grid, markdown, terminal_tables
from benchmark.report.page import about
from benchmark.report.schema import contrast_columns, row_columns, schema
from benchmark.report.write import write_answer
from tests.made_up_records import make_record
from tests.made_up_rows import in_families, row, size, table

ROWS = (row("crnn", 0.25, **size(35_000)), row("linear", 0.27, n_repetitions=1, **size(500)))
GOOD = Answer("mine", [], [table(*ROWS)])
LACKING = Answer("mine", [], [table(*ROWS, missing=[ROWS[0][0].group])])
SCHEMA = json.loads(files("benchmark.report").joinpath("report.schema.json").read_text())


def as_r_reads(text):
    """Read CSV the strict way: every line as wide as the header, names unique, no index."""
    assert "\r" not in text
    assert not text.startswith("\ufeff")
    lines = list(csv.reader(StringIO(text), strict=True))
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(set(lines[0])) == len(lines[0])
    assert all(name.isidentifier() for name in lines[0])
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


@pytest.mark.parametrize("answer", [GOOD, LACKING], ids=["complete", "lacking"])
def test_every_study_has_the_same_columns_read_alike_by_pandas_and_strict_readers(answer):
    strict = as_r_reads(answer.csv())
    frame = pd.read_csv(StringIO(answer.csv()))
    assert list(frame.columns) == list(strict[0]) == list(row_columns())
    assert len(frame) == len(strict)
    assert frame["kind"].tolist() == ["model", "floor", "reference"]
    for column in ("n_cells", "parameters", "rmse_average", "rmse_average_low", "mean_rank"):
        read = [float(line[column]) if line[column] else np.nan for line in strict]
        np.testing.assert_array_equal(frame[column].to_numpy(dtype=float), read)


def test_numbers_are_written_at_full_precision():
    (line, *_) = as_r_reads(GOOD.csv())
    expected = np.mean([one.scores["rmse_average"] for one in ROWS[0]])
    assert float(line["rmse_average"]) == pytest.approx(expected, rel=1e-15)


def test_files_are_utf8_whatever_the_machine_prefers(tmp_path):
    rows = [row(model, 0.25, 1, features="Übersicht", **size(9)) for model in ("crnn", "linear")]
    paths = write_answer(Answer("mine", [], [table(*rows)]), tmp_path, figures=())
    names = ["mine.csv", "mine.md", "mine.tex", "mine-contrasts.csv"]
    assert [path.name for path in paths] == names
    assert "Übersicht" in paths[0].read_bytes().decode("utf-8")
    contrasts = as_r_reads(paths[3].read_bytes().decode("utf-8"))
    assert [(one["label"], one["against"]) for one in contrasts] == [("crnn, L=60", "linear")]
    assert list(contrasts[0]) == list(contrast_columns())


@pytest.mark.parametrize("answer", [GOOD, LACKING], ids=["complete", "lacking"])
def test_json_is_what_its_published_schema_says(answer):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    written = json.loads(json.dumps(answer.as_json(), allow_nan=False))
    jsonschema.validate(written, SCHEMA)
    assert not any(
        isinstance(value, dict | list) for one in written["rows"] for value in one.values()
    )


def test_the_schema_knows_every_column_and_refuses_what_is_none():
    assert schema() == SCHEMA, "python -m benchmark.report.schema writes it"
    rows, contrasts = (SCHEMA["properties"][key]["items"] for key in ("rows", "contrasts"))
    assert list(rows["properties"]) == rows["required"] == list(row_columns())
    assert list(contrasts["properties"]) == contrasts["required"] == list(contrast_columns())
    broken = GOOD.as_json()
    broken["rows"][0]["n_cells"] = "five"
    with pytest.raises(jsonschema.ValidationError, match="is not of type 'integer'"):
        jsonschema.validate(broken, SCHEMA)


def test_rows_without_all_cells_have_no_mean_in_any_export():
    crnn = LACKING.as_json()["rows"][0]
    assert (crnn["n_cells"], crnn["n_missing"]) == (3, 1)
    told = {key for key, value in crnn.items() if value is not None}
    assert not {key for key in told if key.startswith(("rmse", "mae", "pearson", "ccc", "best"))}
    for grid in LACKING.grids:
        shown = [line for line in grid.lines if line[0].startswith("crnn")]
        assert all("3 of 4" in line for line in shown), grid.title


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_figures_in_any_format_are_the_same_bytes_again(tmp_path, kind):
    answers = [Answer("mine", [], [table(*ROWS)]) for _ in range(2)]
    folders = [tmp_path / "one", tmp_path / "two"]
    drawn = [
        [path for path in write_answer(answer, folder, (kind,)) if path.suffix == f".{kind}"]
        for answer, folder in zip(answers, folders, strict=True)
    ]
    assert len(drawn[0]) == 2
    for one, other in zip(*drawn, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_correlations_are_shown_with_the_number_of_songs_that_have_none():
    per_song = make_record().per_song | {
        "pearson_r_valence": [0.5, None, 0.1], "pearson_r_arousal": [0.5, 0.2, 0.1],
    }  # fmt: skip
    scores = make_record().scores | {"pearson_r_valence_per_song": 0.3}
    answer = Answer("mine", [], [table([make_record(per_song=per_song, scores=scores)])])
    (grid,) = (one for one in answer.grids if one.title.startswith("Following"))
    assert "Songs left out, of 3: valence 1, arousal 0." in grid.notes[0]
    (place,) = (i for i, one in enumerate(grid.columns) if one.heading == "valence")
    assert grid.lines[0][place] == "0.300"  # the record's mean over the two songs that have one
    (line,) = answer.as_json()["rows"]
    assert line["n_songs_without_shape_valence"] == 1
    assert line["pearson_r_valence_per_song"] == 0.3


CEILING = {"rmse_average": 0.2, "ccc_average": 0.8, "pearson_r_average_per_song": 0.6}


def with_ccc(records, ccc):
    """Return records that hold a pooled CCC, r within songs, and a second panel of raters."""
    more = {"ccc_average": ccc, "pearson_r_average_per_song": 0.3}
    return [
        replace(one, scores=one.scores | more, references={"raters' ceiling": CEILING})
        for one in records
    ]


def test_pooled_ccc_and_r_within_songs_stand_beside_rmse_for_rows_and_references():
    answer = Answer("mine", [], [table(*(with_ccc(one, 0.5) for one in ROWS))])
    main = answer.mains[0]
    places = {(one.heading, one.side): index for index, one in enumerate(main.columns)}
    ccc, r = places["CCC", "pooled"], places["r", "per song"]
    assert [(line[ccc], line[r]) for line in main.lines] == [
        ("0.500 ± 0.000", "0.300 ± 0.000"), ("0.500", "0.300"), ("0.800", "0.600"),
    ]  # fmt: skip
    lines = as_r_reads(answer.csv())
    assert [line["ccc_average"] for line in lines] == ["0.5", "0.5", "0.8"]
    assert [line["n_songs"] for line in lines] == ["15"] * 3
    (ceiling,) = (note for note in main.notes if note.startswith("raters' ceiling: "))
    # two panels of equal variance v differ by 2 v, the truth and one panel by v
    assert f"down to {np.sqrt(1 / 2):.2f} of it" in ceiling
    assert dict(about.facts(answer.tables[0]))["Raters' ceiling"] == ceiling
    assert "Raters' ceiling" not in dict(about.facts(GOOD.tables[0]))
    jsonschema.validate(json.loads(json.dumps(answer.as_json())), SCHEMA)


def test_rows_recorded_before_pooled_ccc_was_scored_say_so():
    answer = Answer("mine", [], [table(with_ccc(ROWS[0], 0.5), ROWS[1])])
    main = answer.mains[0]
    (place,) = (index for index, one in enumerate(main.columns) if one.heading == "CCC")
    assert [line[place] for line in main.lines[:2]] == ["0.500 ± 0.000", ""]
    assert any(note.startswith("No pooled CCC in linear: recorded before") for note in main.notes)
    assert [line["ccc_average"] for line in as_r_reads(answer.csv())][:2] == ["0.5", ""]
    assert not any("CCC" in one.heading for one in GOOD.mains[0].columns)


def test_a_row_of_which_one_repetition_lacks_pooled_ccc_has_none():
    mixed = [*with_ccc(ROWS[0][:2], 0.5), ROWS[0][2]]
    (line, _, _) = as_r_reads(Answer("mine", [], [table(mixed, ROWS[1])]).csv())
    assert (line["n_cells"], line["ccc_average"]) == ("3", "")


def test_families_are_counted_beside_the_songs():
    rows = [in_families(one, [10, 5]) for one in ROWS]
    written = Answer("mine", [], [table(*rows)]).as_json()
    (contrast,) = written["contrasts"]
    for line in (*written["rows"], contrast):
        assert (line["n_songs"], line["n_families"]) == (15, 2)
    assert contrast["share_families_improved"] in (0, 0.5, 1)
    jsonschema.validate(json.loads(json.dumps(written)), SCHEMA)
    assert GOOD.as_json()["rows"][0]["n_families"] is None


def test_markdown_cells_and_terminal_cells_keep_what_stands_in_them():
    nasty = Grid("a | b [/b]", (Column("x | y [red]", is_text=True),), (("c | d\ne [/b]",),))
    line = markdown(nasty).splitlines()[-1]
    assert line == r"| c \| d e [/b] |"
    console = Console(width=80, record=True, file=StringIO())
    console.print(*terminal_tables(nasty, 80))
    assert "e [/b]" in console.export_text()


def test_every_row_with_parts_has_its_own_lines():
    def with_parts(length):
        made = row("crnn", 0.2, sequence_length=length)
        return [replace(one, components={"svr": one.scores}) for one in made]

    found = table(with_parts(60), with_parts(10))
    parts = [
        one for one in csv.DictReader(StringIO(rows_csv([found], {}))) if one["kind"] == "part"
    ]
    assert [one["sequence_length"] for one in parts] == ["60", "10"]
    assert [one["label"] for one in parts] == ["crnn, L=60: svr", "crnn, L=10: svr"]


def test_contrasts_of_an_earlier_run_do_not_outlive_it(tmp_path):
    write_answer(GOOD, tmp_path, ())
    assert (tmp_path / "tables" / "mine-contrasts.csv").exists()
    write_answer(Answer("mine", [], [table(*ROWS)], declared=[]), tmp_path, ())
    assert not (tmp_path / "tables" / "mine-contrasts.csv").exists()
