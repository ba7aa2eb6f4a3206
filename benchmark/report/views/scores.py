"""The table to read first: RMSE of every row under both conventions, with CCC and r."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.hardware import hardware_note
from benchmark.analysis.rows import Row, Table, settings_text
from benchmark.evaluate.registry import CONVENTIONS, MEASURES
from benchmark.evaluate.scores import RATERS
from benchmark.report.captions import CEILING, SELECTED_ON_EVALUATION
from benchmark.report.grid import Column, Grid, without_empty
from benchmark.report.tables import heading, is_scored, lacking, shown, unranked
from benchmark.report.views.view import View
from models.registry import MODELS

POOLED_CCC = "ccc_average"
AGREEMENT = {"": (POOLED_CCC, "CCC"), "_per_song": ("pearson_r_average_per_song", "r")}
AGREES = {
    "CCC": "CCC over all frames: mean of valence and arousal, more is better.",
    "r": "r within songs, as mean of per-song values: mean of valence and arousal, more is better.",
}
FOLDED = {"development": "held-out development songs", "all": "all songs, each held out once"}


class ScoresView(View):
    """The means of every dataset; the first says which rows no table shows."""

    def table_grids(self, comparison: Comparison, table: Table) -> list[Grid]:
        """Return one line per row, then the references."""
        grid = main_grid(table)
        if comparison.absent and table is comparison.tables[0]:
            rows = len(set(comparison.absent))
            note = (
                f"Not begun: {len(comparison.absent)} cells of {rows} further rows have no record"
                " yet."
            )
            grid = replace(grid, notes=(*grid.notes, note))
        return [grid]


def main_grid(table: Table) -> Grid:
    """Return one line per row, then the references, which have no cells."""
    measures = _measures(table)
    lines = [_cells(row, table.shared_settings, list(measures)) for row in table.rows] + [
        (f"({name})", "-", "", "", *shown(scores, list(measures)))
        for name, scores in table.references.items()
    ]
    n_models = sum(not row.is_floor for row in table.rows)
    grid = without_empty(
        Grid(
            title=f"RMSE, {heading(table)}",
            columns=(
                Column("model", is_text=True),
                *map(Column, ("L", "n", "parameters")),
                *measures.values(),
            ),
            lines=tuple(lines),
            sections=(n_models, len(table.rows)),
            unranked=unranked(table),
            source=f"Digest of the songs: {table.digest[:12]}.",
        )
    )
    return replace(grid, notes=tuple(notes(table, [column.heading for column in grid.columns])))


def _measures(table: Table) -> dict[str, Column]:
    """Return score -> column: errors, and CCC and r where a record has pooled CCC."""
    columns: dict[str, Column] = {}
    for convention, suffix in CONVENTIONS.items():
        columns |= {
            f"rmse_{measure}{suffix}": Column(measure, convention, better="lower")
            for measure in MEASURES
        }
        if is_scored(table.rows, POOLED_CCC):
            score, short = AGREEMENT[suffix]
            columns[score] = Column(short, convention, better="higher")
    return columns


def notes(table: Table, headings: Collection[str] = ()) -> list[str]:
    """Return the lines that belong under the table of these columns."""
    models = {row.model: row.named or row.model for row in table.rows}
    shared = table.shared_settings
    scored = "evaluation songs" if table.folds is None else FOLDED[table.folds_over]
    is_selected_on_evaluation = any(row.is_selected_on_evaluation for row in table.rows)
    return [
        f"RMSE on {scored}, mean ± standard deviation over n repetitions; L frames per"
        " sequence. Pooled over all frames, and as mean of per-song values.",
        *([f"Every model: {settings_text(shared)} (not the default)."] if shared else []),
        *(note for short, note in AGREES.items() if short in headings),
        *lacking(table, POOLED_CCC, "pooled CCC"),
        *table.unit_notes,
        *hardware_note(table.rows),
        *([CEILING] if RATERS in table.references else []),
        *([SELECTED_ON_EVALUATION] if is_selected_on_evaluation else []),
        *(
            f"{row.label(shared)}: {row.n_cells} of {row.n_asked} cells done, so no mean."
            for row in table.rows
            if not row.is_complete
        ),
        *(
            MODELS[model].note.replace(f"{model}:", f"{name}:", 1)
            for model, name in models.items()
            if model in MODELS and MODELS[model].note
        ),
    ]


def _cells(row: Row, shared: dict[str, Any], measures: Sequence[str]) -> tuple[str, ...]:
    length = "-" if row.sequence_length is None else str(row.sequence_length)
    parameters = "" if row.parameters is None else f"{row.parameters:,}"
    scores = shown(row.scores, measures)
    return (row.label(shared), length, row.n_text, parameters, *scores)
