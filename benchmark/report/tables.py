"""The main table as grids of text."""

from typing import Any

from benchmark.record.record import Scores
from benchmark.report.aggregate import CONVENTIONS, SCORE_NAMES, Row, Table, settings_text
from benchmark.report.grid import Column, Grid
from benchmark.report.published import MEASURES, published_beside
from models.registry import MODELS

SCORES = tuple(Column(measure, convention) for convention in CONVENTIONS for measure in MEASURES)
FLATTERED = (
    "selection=evaluation: the epoch was chosen on the songs that judge, so the number is flattered"
    " and says nothing about new songs."
)


def title(table: Table) -> str:
    """Return what ran on what, with the dataset's caveat."""
    caveat = f": {table.caveat}" if table.caveat else ""
    labels = f", labels {table.labels}" if table.has_label_choice else ""
    folds = f", {table.folds}-fold over development songs" if table.folds else ""
    return (
        f"dataset {table.dataset}{caveat} ({table.features}{labels}, {table.size}{folds},"
        f" digest {table.digest[:12]})"
    )


def grids(table: Table) -> list[Grid]:
    """Return the table, the parts of its composed models, and what others published."""
    return [_main(table), *_parts(table), *_published(table)]


def _main(table: Table) -> Grid:
    """Return one line per row, then the references, which have no cells."""
    shared = table.shared_settings
    lines = [_cells(row, shared) for row in table.rows] + [
        (f"({name})", "-", "", "", *errors(scores)) for name, scores in table.references.items()
    ]
    n_models = sum(not row.is_floor for row in table.rows)
    return Grid(
        title=f"RMSE, {title(table)}",
        columns=(Column("model", is_text=True), *map(Column, ("L", "n", "parameters")), *SCORES),
        lines=tuple(lines),
        notes=tuple(notes(table)),
        sections=(n_models, len(table.rows)),
    )


def notes(table: Table) -> list[str]:
    """Return the lines that belong under the table."""
    models = dict.fromkeys(row.model for row in table.rows)
    shared = table.shared_settings
    judged = "evaluation songs" if table.folds is None else "held-out development songs"
    is_flattered = any(row.is_flattered for row in table.rows)
    return [
        f"RMSE on {judged}, mean ± standard deviation over n repetitions; L frames per"
        " sequence. Pooled over all frames, and as mean of per-song values.",
        *([f"Every model: {settings_text(shared)} (not the default)."] if shared else []),
        *([FLATTERED] if is_flattered else []),
        *(
            f"{row.label(shared)}: {row.n_cells} of {row.n_asked} cells done, so no mean."
            for row in table.rows
            if not row.is_complete
        ),
        *(MODELS[name].note for name in models if name in MODELS and MODELS[name].note),
    ]


def _cells(row: Row, shared: dict[str, Any]) -> tuple[str, ...]:
    """Return a row's cells as people read them."""
    length = "-" if row.sequence_length is None else str(row.sequence_length)
    parameters = "" if row.parameters is None else f"{row.parameters:,}"
    return (row.label(shared), length, row.n_text, parameters, *errors(row.scores))


def errors(scores: Scores) -> list[str]:
    """Return all errors under both conventions, with their spread where there is one."""
    return [plus_minus(scores.get(name), scores.get(f"{name}_std")) for name in SCORE_NAMES]


def plus_minus(mean: float | None, spread: float | None) -> str:
    """Return "0.242 ± 0.002", with as many digits as the paper prints."""
    if mean is None:
        return ""
    return f"{mean:.3f}" if spread is None else f"{mean:.3f} ± {spread:.3f}"


def _parts(table: Table) -> list[Grid]:
    """Return one grid for each row whose model has parts."""
    shared = table.shared_settings
    return [
        Grid(
            title=f"Parts of {row.label(shared)}: the same training, the same songs",
            columns=(Column("part", is_text=True), Column("n"), *SCORES),
            lines=tuple(
                (name, str(row.n_cells), *errors(scores)) for name, scores in row.components.items()
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
