"""What all charts of the page share, as plain values: rows, metrics, looks, reference lines."""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

from benchmark.analysis.rows import COSTS, Row, Table
from benchmark.evaluate.registry import CONVENTIONS, METRICS, RANKED_BY
from benchmark.record.record import Scores
from benchmark.report.palette import mark_size
from benchmark.report.published import (
    Published,
    looks_of_table,
    marks_of_published,
    published_beside,
    said_of_published,
)
from benchmark.report.tables import scored_names

PIXELS = 1.25  # of a mark for each point of a figure's
CONVENTIONS_IN_WORDS = {"": "pooled over frames", "_per_song": "mean over songs"}


def table_values(table: Table) -> dict[str, Any]:
    """Return what charts need of one table; views add what they alone draw."""
    names = scored_names(table)
    printed = published_beside(table)
    shared = table.shared_settings
    ranked = {row.group for row in table.competitors}
    return {
        "name": short_name(table),
        "metrics": _metrics(names),
        "rows": [
            _row(row, label, names) | {"line": row.label(shared)}  # its rows differ in length only
            for row, label in zip(table.rows, row_labels(table), strict=True)
        ],
        "compared": [place for place, row in enumerate(table.rows) if row.group in ranked],
        "references": {name: _short(scores, names) for name, scores in table.references.items()},
        "published": [_published(row) for row in printed],
        "saidOfPublished": said_of_published(table, printed),
        "looks": {
            model: {"light": look.colour, "dark": look.colour_on_dark, "symbol": look.mark.symbol}
            for model, look in looks_of_table(table).items()
        },
    }


def _metrics(names: Sequence[str]) -> list[dict[str, Any]]:
    scored = {
        metric: {
            suffix: CONVENTIONS_IN_WORDS[suffix]
            for suffix in CONVENTIONS.values()
            if f"{metric}_average{suffix}" in names
        }
        for metric in METRICS
    }
    scored[RANKED_BY] = scored[RANKED_BY] or CONVENTIONS_IN_WORDS
    return [
        {
            "name": metric,
            "heading": METRICS[metric].heading,
            "better": METRICS[metric].better,
            "conventions": list(conventions.items()),
        }
        for metric, conventions in scored.items()
        if conventions
    ]


def short_name(table: Table) -> str:
    """Return what tells a table from the others of its study."""
    labels = f", labels {table.labels}" if table.has_label_choice else ""
    return f"{table.dataset}, {table.features}{labels}{table.folds_text}"


def row_labels(table: Table) -> list[str]:
    """Return a name for every row that no other row of the table has."""
    shared = table.shared_settings
    names = [row.label(shared) for row in table.rows]
    counts = Counter(names)
    return told_apart(
        [
            name
            if row.sequence_length is None or counts[name] == 1
            else f"{name}, L={row.sequence_length}"
            for name, row in zip(names, table.rows, strict=True)
        ]
    )


def told_apart(names: Sequence[str]) -> list[str]:
    """Return the names in order; one that an earlier one has gets the next free " (2)", " (3)"."""
    found: list[str] = []
    for name in names:
        free = name
        numbers = count(2)
        while free in found:
            free = f"{name} ({next(numbers)})"
        found.append(free)
    return found


def _row(row: Row, label: str, names: Sequence[str]) -> dict[str, Any]:
    return {
        "label": label,
        "model": row.model,
        "group": row.group,
        "size": round(PIXELS * mark_size(row.sequence_length), 1),
        "length": row.sequence_length,
        "isFloor": row.is_floor,
        "nCells": row.n_cells,
        "nAsked": row.n_asked,
        "costs": {cost: row.cost(cost) for cost in COSTS},
        "scores": _short(row.scores, names),
        "spreads": _short({name: row.scores.get(f"{name}_std") for name in names}, names),
        "intervals": {
            name: [round(end, 5) for end in row.intervals[name]]
            for name in names
            if name in row.intervals
        },
        "repetitions": [
            {
                "number": cell.repetition,
                "seed": cell.base_seed,
                "scores": _short(cell.scores, names),
            }
            for cell in row.cells
        ],
    }


def _published(row: Published) -> dict[str, Any]:
    mark = marks_of_published().get((row.label, row.features))
    values = {name: float(text) if text else None for name, text in row.values.items()}
    return {
        "label": f"published: {row.label}, {row.features}",
        "model": row.model,
        "symbol": mark.symbol if mark else "",
        "length": row.sequence_length,
        "parameters": row.parameters,
        "values": values | {"average": row.average},
    }


def _short(scores: Scores, names: Sequence[str]) -> dict[str, float]:
    """Return the scores that there are, with the digits a chart can show."""
    return {name: round(value, 5) for name in names if (value := scores.get(name)) is not None}
