"""Learning curves of the networks: median and band over repetitions. On the page alone."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Row
from benchmark.report.views.view import Section, View

ALL_NETWORKS = "all networks"


class LearningView(View):
    """Training and validation error of every row, epoch by epoch."""

    section = Section("Learning", Path(__file__))

    def drawn(self, comparison: Comparison, results: Path) -> list[Any]:
        """Return every row's curves: of all networks together, then of each."""
        return [[_curves(row) for row in table.rows] for table in comparison.tables]


def _curves(row: Row) -> list[dict[str, Any]]:
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
