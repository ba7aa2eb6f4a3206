"""What the page's charts show, as plain values: rows, fronts, printed values, learning curves."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.pareto import front
from benchmark.analysis.ranking import Ranking
from benchmark.analysis.rows import ERROR_NAMES, Row, Table
from benchmark.evaluate.registry import MEASURES
from benchmark.report.apart import COUNTS, SAID, apart
from benchmark.report.palette import looks_of, mark_size
from benchmark.report.published import (
    Published,
    marks_of_published,
    published_beside,
    said_of_published,
)

COSTS = {
    "parameters": "trainable parameters",
    "flops": "multiply-adds for 60 frames",
    "train_seconds": "seconds of training per repetition",
    "train_joules": "joules of training per repetition",
}
PIXELS = 1.25  # of a mark for each point of a figure's
ALL_NETWORKS = "all networks"


def table_chart(table: Table, standings: Mapping[str, Ranking]) -> dict[str, Any]:
    """Return everything the charts say about one table but its songs; standings are by group."""
    labels = row_labels(table)
    groups = {row.group for row in table.competitors}
    compared = [place for place, row in enumerate(table.rows) if row.group in groups]
    aside = _aside(table, compared)
    printed = published_beside(table)
    shared = table.shared_settings
    return {
        "name": short_name(table),
        "rows": [
            _row(row, label, row.label(shared))
            | {"aside": aside.get(place, {}), "frontShares": _front_shares(row, standings)}
            for place, (row, label) in enumerate(zip(table.rows, labels, strict=True))
        ],
        "compared": compared,
        "fronts": {
            cost: {name: _front(table, compared, cost, name) for name in ERROR_NAMES}
            for cost in COSTS
        },
        "references": {
            name: {score: _short(scores.get(score)) for score in ERROR_NAMES}
            for name, scores in table.references.items()
        },
        "published": [_published(row) for row in printed],
        "saidOfAside": SAID,
        "saidOfPublished": said_of_published(table, printed),
        "looks": _looks(table, printed),
        "learning": [_learning(row) for row in table.rows],
    }


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


def _aside(table: Table, compared: Sequence[int]) -> dict[int, dict[str, float]]:
    """Return place -> cost -> the factor that draws a row beside those of the same cost."""
    found: dict[int, dict[str, float]] = {place: {} for place in compared}
    for cost in COUNTS:
        factors = apart([table.rows[place].cost(cost) or 0 for place in compared])
        for place, factor in zip(compared, factors, strict=True):
            found[place][cost] = round(factor, 4)
    return found


def _looks(table: Table, printed: Sequence[Published]) -> dict[str, dict[str, str]]:
    """Return model -> its colours, on white and on a dark ground, and its mark."""
    models = [*(row.model for row in table.rows), *(row.model for row in printed if row.model)]
    return {
        model: {"light": look.colour, "dark": look.colour_on_dark, "symbol": look.mark.symbol}
        for model, look in looks_of(models).items()
    }


def _row(row: Row, label: str, line: str) -> dict[str, Any]:
    """Return one row: its costs, its scores with spread and interval, and every repetition."""
    return {
        "label": label,
        "model": row.model,
        "size": round(PIXELS * mark_size(row.sequence_length), 1),
        "length": row.sequence_length,
        "line": line,  # rows of one line differ in length only
        "isFloor": row.is_floor,
        "nCells": row.n_cells,
        "nAsked": row.n_asked,
        "costs": {cost: row.cost(cost) for cost in COSTS},
        "scores": {name: _short(row.scores.get(name)) for name in ERROR_NAMES},
        "spreads": {name: _short(row.scores.get(f"{name}_std")) for name in ERROR_NAMES},
        "intervals": {
            name: [_short(end) for end in row.intervals[name]]
            for name in ERROR_NAMES
            if name in row.intervals
        },
        "repetitions": [
            {"number": cell.repetition, "seed": cell.base_seed}
            | {name: _short(cell.scores.get(name)) for name in ERROR_NAMES}
            for cell in row.cells
        ],
    }


def _front_shares(row: Row, standings: Mapping[str, Ranking]) -> dict[str, float]:
    """Return how often a row is on the front when songs and repetitions are drawn anew."""
    standing = standings.get(row.group)
    return {} if standing is None else {k: round(v, 3) for k, v in standing.front_share.items()}


def known_costs(tables: Sequence[Table]) -> dict[str, str]:
    """Return the costs that some row knows, with their names: energy only where it is reported."""
    rows = [row for table in tables for row in table.rows]
    return {cost: name for cost, name in COSTS.items() if any(row.cost(cost) for row in rows)}


def _front(table: Table, compared: Sequence[int], cost: str, score: str) -> list[int]:
    """Return the rows that no other row beats on cost and error, cheapest first."""
    known = [
        (index, x, float(table.rows[index].scores[score] or 0))
        for index in compared
        if (x := table.rows[index].cost(cost))  # a log axis has no zero
    ]
    return [known[place][0] for place in front([(x, y) for _, x, y in known])]


def _published(row: Published) -> dict[str, Any]:
    """Return a printed row; a printed mean of two targets where no average was printed."""
    mark = marks_of_published().get((row.label, row.features))
    values = {one: float(row.values[one]) if row.values[one] else None for one in MEASURES}
    return {
        "label": f"published: {row.label}, {row.features}",
        "model": row.model,
        "symbol": mark.symbol if mark else "",
        "length": row.sequence_length,
        "parameters": row.parameters,
        "values": values | {"average": row.average},
    }


def _learning(row: Row) -> list[dict[str, Any]]:
    """Return learning curves over the repetitions: of all networks together, then of each."""
    by_network: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for cell in row.cells:
        for name, curve in cell.curves.items():
            by_network[name].append(curve)
    every = [curve for curves in by_network.values() for curve in curves]
    named = {ALL_NETWORKS: every} if len(by_network) > 1 else {}
    return [
        {
            "network": name,
            "n": len(curves),
            "best": float(np.median([curve["best_epoch"] for curve in curves])),
            "training": band([curve["training_loss"] for curve in curves]),
            "validation": band([curve["validation_rmse"] for curve in curves]),
        }
        for name, curves in (named | by_network).items()
    ]


def band(curves: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    """Return median, lowest and highest per epoch, while at least half of the curves go on."""
    lengths = sorted((len(curve) for curve in curves), reverse=True)
    n_epochs = lengths[(len(lengths) - 1) // 2] if lengths else 0
    values = np.full((len(curves), n_epochs), np.nan)
    for place, curve in enumerate(curves):
        values[place, : len(curve)] = curve[:n_epochs]
    if not n_epochs:
        return {"median": [], "low": [], "high": []}
    return {
        "median": _list(np.nanmedian(values, axis=0)),
        "low": _list(np.nanmin(values, axis=0)),
        "high": _list(np.nanmax(values, axis=0)),
    }


def _list(values: NDArray[np.float64]) -> list[float]:
    """Return numbers with the digits a chart can show."""
    return [round(float(value), 4) for value in values]


def _short(value: float | None) -> float | None:
    """Return a score with the digits a chart can show."""
    return None if value is None else round(value, 5)
