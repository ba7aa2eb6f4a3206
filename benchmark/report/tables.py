"""The answer as a table: terminal, CSV and Markdown."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable

from benchmark.report.aggregate import CONVENTIONS, ERRORS, Row, Table, settings_text
from datasets.registry import DATASETS
from models.registry import MODELS

HEADINGS = ("model", "L", "n", "parameters")
TARGET_HEADINGS = ("valence", "arousal", "average")
WIDE = 125  # columns of a terminal that holds both conventions side by side


def title(table: Table) -> str:
    """Return what ran on what, with the dataset's caveat."""
    entry = DATASETS.get(table.dataset)
    caveat = f": {entry.caveat}" if entry and entry.caveat else ""
    labels = "" if table.labels == table.dataset else f", labels {table.labels}"
    return (
        f"dataset {table.dataset}{caveat} ({table.features}{labels}, {table.size},"
        f" digest {table.digest[:12]})"
    )


def notes(table: Table) -> list[str]:
    """Return the lines that belong under the table."""
    models = dict.fromkeys(row.model for row in table.rows)
    shared = table.shared_settings
    return [
        "RMSE on evaluation songs, mean ± standard deviation over n repetitions; L frames per"
        " sequence. Pooled over all frames, and as mean of per-song values.",
        *([f"Every model: {settings_text(shared)} (not the default)."] if shared else []),
        *(
            f"{row.label(shared)}: {row.n_cells} of {row.n_asked} cells done, so no mean."
            for row in table.rows
            if not row.is_complete
        ),
        *(MODELS[name].note for name in models if name in MODELS and MODELS[name].note),
    ]


def _cells(row: Row, shared: dict[str, Any], conventions: Sequence[str]) -> list[str]:
    """Return a row's cells as people read them."""
    length = "-" if row.sequence_length is None else str(row.sequence_length)
    n = str(row.n_cells) if row.is_complete else f"{row.n_cells} of {row.n_asked}"
    parameters = "" if row.parameters is None else f"{row.parameters:,}"
    return [row.label(shared), length, n, parameters, *_errors(row.scores, conventions)]


def _errors(scores: dict[str, float | None], conventions: Sequence[str]) -> list[str]:
    """Return the errors of the given conventions, with their spread where there is one."""
    return [
        _plus_minus(scores.get(error + suffix), scores.get(f"{error}{suffix}_std"))
        for suffix in (CONVENTIONS[convention] for convention in conventions)
        for error in ERRORS
    ]


def _plus_minus(mean: float | None, spread: float | None) -> str:
    """Return "0.242 ± 0.002", with as many digits as the paper prints."""
    if mean is None:
        return ""
    return f"{mean:.3f}" if spread is None else f"{mean:.3f} ± {spread:.3f}"


def _all_cells(table: Table, conventions: Sequence[str]) -> list[list[str]]:
    """Return every line of the table: models, floors, and references, which have no cells."""
    return [_cells(row, table.shared_settings, conventions) for row in table.rows] + [
        [f"({name})", "-", "", "", *_errors(scores, conventions)]
        for name, scores in table.references.items()
    ]


def terminal_tables(table: Table, width: int) -> list[RichTable]:
    """Return the table for a terminal: one for both conventions, or one each where it is narrow."""
    if width >= WIDE:
        return [_terminal_table(table, list(CONVENTIONS))]
    return [_terminal_table(table, [convention]) for convention in CONVENTIONS]


def _terminal_table(table: Table, conventions: list[str]) -> RichTable:
    """Draw the columns of the given conventions."""
    drawn = RichTable(
        title=f"RMSE, {title(table)}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for heading in HEADINGS:
        drawn.add_column(heading, justify="left" if heading == "model" else "right")
    for convention in conventions:
        for heading in TARGET_HEADINGS:
            drawn.add_column(f"{heading}\n{convention}", justify="right", no_wrap=True)
    n_models = sum(not row.is_floor for row in table.rows)
    for position, cells in enumerate(_all_cells(table, conventions), start=1):
        drawn.add_row(*cells, end_section=position in (n_models, len(table.rows)))
    return drawn


def markdown(table: Table) -> str:
    """Return the table in GitHub's Markdown, notes included."""
    headings = [*HEADINGS] + [
        f"{heading}, {convention}" for convention in CONVENTIONS for heading in TARGET_HEADINGS
    ]
    rules = ["---"] + ["---:"] * (len(headings) - 1)
    lines = [f"**{title(table)}**", ""]
    lines += [
        f"| {' | '.join(cells)} |"
        for cells in [headings, rules, *_all_cells(table, list(CONVENTIONS))]
    ]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes(table))]) + "\n"


def csv_text(tables: Sequence[Table]) -> str:
    """Return all rows at full precision, one flat line each; references have no cells."""
    flat = [row.flat() for table in tables for row in table.rows]
    for table in tables:
        shared = {"dataset": table.dataset, "features": table.features, "labels": table.labels}
        for name, scores in table.references.items():
            errors = {key: scores[key] for key in scores if key.startswith("rmse")}
            flat.append({"model": f"({name})", **shared, **errors})
    columns = list(dict.fromkeys(key for row in flat for key in row))
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()
