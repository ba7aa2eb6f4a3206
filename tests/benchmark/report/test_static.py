"""Labels that do not change over a song: nothing is shown of what they cannot have."""

from dataclasses import replace

from benchmark.report.answer import Answer
from tests.made_up_rows import row, size, table

NOTHING = {"oracle of song means": {"rmse_average": 0.0, "rmse_average_per_song": 0.0}}
POOLED = {"ccc_average": 0.4, "pearson_r_average_per_song": None}
SHAPES = {f"mae_{one}_per_song": 0.2 for one in ("valence", "arousal", "average")}


def static(records):
    """Return records of songs whose annotations are constant: no r, no CCC of single songs."""
    per_song = {f"pearson_r_{one}": [None] * 15 for one in ("valence", "arousal")}
    return [
        replace(
            one, references=NOTHING, scores=one.scores | POOLED | SHAPES,
            per_song=one.per_song | per_song,
        )
        for one in records
    ]  # fmt: skip


ROWS = [static(row("crnn", 0.25, **size(9))), static(row("linear", 0.3, 1, **size(2)))]
ANSWER = Answer("mine", [], [table(*ROWS)])


def test_columns_that_no_row_fills_are_left_out_with_their_note():
    main = ANSWER.mains[0]
    headings = [(one.heading, one.side) for one in main.columns]
    assert ("CCC", "pooled") in headings
    assert ("r", "per song") not in headings
    assert {len(line) for line in main.lines} == {len(headings)}
    assert not any(note.startswith("r within songs") for note in main.notes)
    of_songs, pooled = (
        next(one for one in ANSWER.grids if one.title.startswith(title))
        for title in ("Following", "All frames")
    )
    assert {one.side for one in of_songs.columns} == {"", "MAE"}
    assert {one.side for one in pooled.columns} == {"", "CCC"}


def test_an_oracle_without_error_is_no_row():
    assert "oracle" not in ANSWER.markdown()
    assert "oracle" not in ANSWER.csv()


def test_a_table_whose_cells_are_missing_keeps_its_columns():
    lacking = table(*ROWS, missing=[one[0].group for one in ROWS])
    headings = [one.heading for one in Answer("mine", [], [lacking]).mains[0].columns]
    assert headings.count("average") == 2
