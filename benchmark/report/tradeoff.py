"""A table's trade-off: where rows are drawn against a cost, and which are on the Pareto front.

Computed here once; figures and the page draw it, and MLflow's charts are of the same costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmark.analysis.pareto import front
from benchmark.analysis.rows import Row
from benchmark.evaluate.registry import METRICS, metric_of
from benchmark.report.apart import COUNTS, apart

COSTS = {  # cost of a row -> title of its axis
    "parameters": "trainable parameters",
    "flops": "multiply-adds for 60 frames (none: left edge)",
    "train_seconds": "training seconds per repetition",
    "train_joules": "training joules per repetition",
}


@dataclass(frozen=True)
class Tradeoff:
    """Rows and one of their costs."""

    rows: Sequence[Row]
    cost: str

    @property
    def costs(self) -> list[float]:
        """Return what every row cost."""
        return [float(row.cost(self.cost) or 0) for row in self.rows]

    @cached_property
    def places(self) -> list[float]:
        """Return where rows stand on a log axis, which has no zero: that is its left edge."""
        least = min((cost for cost in self.costs if cost > 0), default=1.0) / 10
        return [
            max(cost, least) * factor
            for cost, factor in zip(self.costs, self._factors, strict=True)
        ]

    @property
    def is_apart(self) -> bool:
        """Tell whether rows of nearly the same cost are drawn side by side."""
        return any(factor != 1 for factor in self._factors)

    @cached_property
    def _factors(self) -> list[float]:
        return apart(self.costs) if self.cost in COUNTS else [1.0] * len(self.rows)

    def front(self, score: str) -> list[int]:
        """Return which rows no other beats on cost and score, cheapest first."""
        sign = -1 if METRICS[metric_of(score)].better == "higher" else 1
        known = [
            (index, (cost, sign * value))
            for index, (row, cost) in enumerate(zip(self.rows, self.costs, strict=True))
            if (value := row.scores.get(score)) is not None
        ]
        return [known[place][0] for place in front([point for _, point in known])]
