"""The main table as grids of text."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from benchmark.analysis.rows import (
    ERROR_NAMES,
    Row,
    Table,
    settings_text,
)
from benchmark.evaluate.registry import CONVENTIONS, MEASURES
from benchmark.evaluate.scores import RATERS
from benchmark.record.record import Scores
from benchmark.report.grid import Column, Grid, without_empty
from benchmark.report.published import published_beside
from models.registry import MODELS

SCORES = tuple(
    Column(measure, convention, better="lower")
    for convention in CONVENTIONS
    for measure in MEASURES
)
POOLED_CCC = "ccc_average"
AGREEMENT = {"": (POOLED_CCC, "CCC"), "_per_song": ("pearson_r_average_per_song", "r")}
AGREES = {
    "CCC": "CCC over all frames: mean of valence and arousal, more is better.",
    "r": "r within songs, as mean of per-song values: mean of valence and arousal, more is better.",
}
NOT_SCORED = "No {what} in {rows}: recorded before it was scored; --fresh trains again."
CEILING = (
    "raters' ceiling: what a second panel of as many raters would score. Both panels err, so a"
    " model can score lower, down to 0.71 of it."
)
FOLDED = {"development": "held-out development songs", "all": "all songs, each held out once"}
FLATTERED = (
    "selection=evaluation: the epoch was chosen on the songs that judge, so the number is flattered"
    " and says nothing about new songs."
)


def heading(table: Table) -> str:
    """Return what ran on what, with the dataset's caveat."""
    return f"dataset {table.dataset}{_caveat(table)} ({_songs(table)})"


def title(table: Table) -> str:
    """Return the heading with the start of the songs' digest, for text that travels alone."""
    return f"dataset {table.dataset}{_caveat(table)} ({_songs(table)}, digest {table.digest[:12]})"


def _caveat(table: Table) -> str:
    """Return what the dataset's numbers do not say, where there is such a thing."""
    return f": {table.caveat}" if table.caveat else ""


def _songs(table: Table) -> str:
    """Return features, labels, songs and folds."""
    labels = f", labels {table.labels}" if table.has_label_choice else ""
    return f"{table.features}{labels}, {table.size}{table.folds_text}"


def grids(table: Table) -> list[Grid]:
    """Return the table, the parts of its composed models, and what others published."""
    return [_main(table), *_parts(table), *_published(table)]


def _main(table: Table) -> Grid:
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


def unranked(table: Table) -> frozenset[int]:
    """Return the lines of no best value: rows that chose on evaluation songs, and references."""
    n_rows = len(table.rows)
    selected = (place for place, row in enumerate(table.rows) if row.is_flattered)
    return frozenset([*selected, *range(n_rows, n_rows + len(table.references))])


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


def is_scored(rows: Iterable[Row], score: str) -> bool:
    """Tell whether one of the rows has a score; older records lack those of later metrics."""
    return any(row.scores.get(score) is not None for row in rows)


def lacking(table: Table, score: str, what: str) -> list[str]:
    """Name the complete rows whose records are older than a score that others have."""
    shared = table.shared_settings
    without = [
        row.name(shared) for row in table.rows if row.is_complete and not is_scored([row], score)
    ]
    has_it = is_scored(table.rows, score)
    return [NOT_SCORED.format(what=what, rows="; ".join(without))] if without and has_it else []


def notes(table: Table, headings: Collection[str] = ()) -> list[str]:
    """Return the lines that belong under the table of these columns."""
    models = {row.model: row.named or row.model for row in table.rows if _is_of_its_features(row)}
    shared = table.shared_settings
    scored = "evaluation songs" if table.folds is None else FOLDED[table.folds_over]
    is_flattered = any(row.is_flattered for row in table.rows)
    return [
        f"RMSE on {scored}, mean ± standard deviation over n repetitions; L frames per"
        " sequence. Pooled over all frames, and as mean of per-song values.",
        *([f"Every model: {settings_text(shared)} (not the default)."] if shared else []),
        *(note for short, note in AGREES.items() if short in headings),
        *lacking(table, POOLED_CCC, "pooled CCC"),
        *table.unit_notes,
        *([CEILING] if RATERS in table.references else []),
        *([FLATTERED] if is_flattered else []),
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


def _is_of_its_features(row: Row) -> bool:
    """Tell whether a model's note, which may count "at 260 features", fits a row's data."""
    count = re.search(r"at (\d+) features", MODELS[row.model].note if row.model in MODELS else "")
    return count is None or any(cell.n_features == int(count[1]) for cell in row.cells)


def _cells(row: Row, shared: dict[str, Any], measures: Sequence[str]) -> tuple[str, ...]:
    """Return a row's cells as people read them."""
    length = "-" if row.sequence_length is None else str(row.sequence_length)
    parameters = "" if row.parameters is None else f"{row.parameters:,}"
    scores = shown(row.scores, measures)
    return (row.label(shared), length, row.n_text, parameters, *scores)


def shown(scores: Scores, names: Sequence[str] = ERROR_NAMES) -> list[str]:
    """Return scores as people read them, with their spread where there is one."""
    return [plus_minus(scores.get(name), scores.get(f"{name}_std")) for name in names]


def plus_minus(mean: float | None, spread: float | None) -> str:
    """Return "0.242 ± 0.002", with as many digits as the paper prints."""
    if mean is None:
        return ""
    return rounded(mean) if spread is None else f"{rounded(mean)} ± {spread:.3f}"


def rounded(value: float, sign: Literal["", "+"] = "") -> str:
    """Return "0.242", or with a sign "+0.242"; what rounds to zero has none."""
    text = format(value, f"{sign}.3f")
    return text.lstrip("+-") if float(text) == 0 else text


def interval_text(value: float, interval: tuple[float, float]) -> str:
    """Return "+0.004 [-0.002, +0.010]"."""
    low, high = interval
    return f"{rounded(value, '+')} [{rounded(low, '+')}, {rounded(high, '+')}]"


def _parts(table: Table) -> list[Grid]:
    """Return one grid for each row whose model has parts."""
    shared = table.shared_settings
    return [
        Grid(
            title=f"Parts of {row.label(shared)}: the same training, the same songs",
            columns=(Column("part", is_text=True), Column("n"), *SCORES),
            lines=tuple(
                (name, str(row.n_cells), *shown(scores)) for name, scores in row.components.items()
            ),
        )
        for row in table.rows
        if row.components
    ]


def _published(table: Table) -> list[Grid]:
    """Return what others printed for the same songs; the convention is theirs."""
    rows = published_beside(table)
    if not rows:
        return []
    lines = [
        (
            row.label,
            "-" if row.sequence_length is None else str(row.sequence_length),
            row.features,
            row.convention,
            *(row.shown(measure) for measure in MEASURES),
            row.source,
        )
        for row in rows
    ]
    return [
        Grid(
            title="Published by others on the same songs, not measured here",
            columns=(
                Column("system", is_text=True),
                Column("L"),
                *(
                    Column(heading, is_text=True)
                    for heading in ("features", "convention", *MEASURES, "source")
                ),
            ),
            lines=tuple(lines),
            notes=(
                "No convention: the source does not say whether it pools frames or averages songs.",
            ),
        )
    ]
