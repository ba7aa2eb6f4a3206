"""Sentences that several places show: what a line or a row of a table is."""

from benchmark.analysis.rows import Row, Table
from benchmark.evaluate.registry import MEASURES
from benchmark.report.tables import shown, title

CEILING = (
    "raters' ceiling: what a second panel of as many raters would score. Both panels err, so a"
    " model can score lower, down to 0.71 of it."
)
SELECTED_ON_EVALUATION = (
    "selection=evaluation: the epoch was chosen on the evaluation songs, so the error is too low"
    " and says nothing about new songs."
)


def row_note(row: Row, table: Table) -> str:
    """Return what a row's numbers are and what they ran on, in Markdown."""
    length = f", {row.sequence_length} frames per sequence" if row.sequence_length else ""
    beware = f" {SELECTED_ON_EVALUATION}" if row.is_selected_on_evaluation else ""
    return f"**{row.label({})}**{length}: {_finding(row)}, on {title(table)}.{beware}"


def _finding(row: Row) -> str:
    if not row.is_complete:
        return f"{row.n_cells} of {row.n_asked} cells done, so no mean"
    spread = ", mean ± standard deviation over repetitions" if row.n_cells > 1 else ""
    errors = ", ".join(map(" ".join, zip(MEASURES, shown(row.scores), strict=False)))
    return f"pooled RMSE {errors} ({row.n_cells} cells{spread}), {row.parameters:,} parameters"
