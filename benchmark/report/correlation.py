"""Does a model follow each song: absolute error, correlation and concordance per song."""

from collections.abc import Sequence
from typing import Literal

from benchmark.analysis.rows import POOLED_CCC, SHAPE_NAMES, SHAPES, Row, Table
from benchmark.report.grid import Column, Grid, without_empty
from benchmark.report.published import MEASURES
from benchmark.report.tables import ccc_notes, has_pooled_ccc, shown, unranked

HEADINGS = {"mae": "MAE", "pearson_r": "Pearson r", "ccc": "CCC"}
BETTER: dict[str, Literal["lower", "higher"]] = {
    "mae": "lower", "pearson_r": "higher", "ccc": "higher",
}  # fmt: skip
RULE = (
    "Mean over songs of each song's own value, ± standard deviation over n repetitions. A constant"
    " prediction follows nothing: r and CCC 0. Constant annotations have no shape to follow: the"
    " song has no r and no CCC and is left out of their mean, for all rows alike."
)
POOLED = "CCC pooled: over the frames of all songs, so that the levels of songs count as well."


def shape_grids(table: Table) -> list[Grid]:
    """Return one line per row, then the references; no grid where no row is complete."""
    first = next((row for row in table.rows if row.n_without_shape), None)
    if first is None:
        return []
    left_out = ", ".join(f"{target} {n}" for target, n in first.n_without_shape.items())
    n_songs = len(first.cells[0].per_song["song_id"])
    has_pooled = has_pooled_ccc(table.rows)
    names = (*SHAPE_NAMES, *(POOLED_CCC if has_pooled else ()))
    grid = Grid(
        title="Following each song: MAE (less is better), Pearson r and CCC (more is better)",
        columns=(
            Column("model", is_text=True),
            Column("n"),
            *(
                Column(measure, HEADINGS[shape], better=BETTER[shape])
                for shape in SHAPES
                for measure in MEASURES
            ),
            *(Column(measure, "CCC pooled", better="higher") for measure in MEASURES if has_pooled),
        ),
        lines=(
            *(_cells(row, table, names) for row in table.rows),
            *(
                (f"({name})", "", *shown(scores, names))
                for name, scores in table.references.items()
            ),
        ),
        notes=(
            f"{RULE} Songs left out, of {n_songs}: {left_out}.",
            *([POOLED, *ccc_notes(table)] if has_pooled else []),
        ),
        sections=(sum(not row.is_floor for row in table.rows), len(table.rows)),
        unranked=unranked(table),
    )
    return [without_empty(grid)]


def _cells(row: Row, table: Table, names: Sequence[str]) -> tuple[str, ...]:
    """Return a row as people read it; one with cells missing shows no mean."""
    return (row.name(table.shared_settings), row.n_text, *shown(row.shapes, names))
