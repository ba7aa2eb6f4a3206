"""How safe a rank is: the same songs and repetitions drawn anew for all rows of a table.

Draw   songs crossed with repetitions; rows with equally many repetitions share what is drawn
Best   how often a row has the lowest average RMSE, and its mean rank (1 is best)
Front  how often no other row has both fewer costs and a lower error; costs are not drawn
Axes   D draws, N rows
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.bootstrap import resampled_averages
from benchmark.analysis.resamples import FEW, FEWEST, MANY, Array
from benchmark.analysis.rows import COSTS, Row, Table
from benchmark.evaluate.registry import CONVENTIONS


@dataclass(frozen=True)
class Ranking:
    """What the draws say about one row; keys end in the convention, "" or "_per_song"."""

    best_share: dict[str, float]
    mean_rank: dict[str, float]
    front_share: dict[str, float]  # "parameters" -> share of draws; "parameters_per_song"

    def flat(self) -> dict[str, Any]:
        """Return the ranking as flat JSON-ready values."""
        return {
            **{f"best_share{suffix}": share for suffix, share in self.best_share.items()},
            **{f"mean_rank{suffix}": rank for suffix, rank in self.mean_rank.items()},
            **{f"front_share_{key}": share for key, share in self.front_share.items()},
        }


def rankings(table: Table) -> dict[str, Ranking]:
    """Return group -> ranking of every row that competes with the others."""
    rows = table.competitors
    if not rows:
        return {}
    found = [Ranking({}, {}, {}) for _ in rows]
    n = FEW if rows[0].n_resamples == MANY else FEWEST  # shares are printed in whole per cent
    for suffix in CONVENTIONS.values():
        errors_DN = np.stack([resampled_averages(row.cells, suffix, n) for row in rows], axis=1)
        ranks_DN = ranks(errors_DN)
        fronts = {cost: _front_shares(errors_DN, cost, rows) for cost in costs_of(rows)}
        for index, ranking in enumerate(found):
            ranking.best_share[suffix] = float(np.mean(ranks_DN[:, index] == 1))
            ranking.mean_rank[suffix] = float(ranks_DN[:, index].mean())
            for cost, shares_N in fronts.items():
                ranking.front_share[f"{cost}{suffix}"] = float(shares_N[index])
    return {row.group: ranking for row, ranking in zip(rows, found, strict=True)}


def ranks(errors_DN: Array) -> NDArray[np.intp]:
    """Return each row's rank in every draw, 1 for the lowest error; equal rows share the better."""
    from scipy.stats import rankdata  # loads slowly, and a run begins without it

    return np.asarray(rankdata(errors_DN, method="min", axis=1), dtype=np.intp)


def costs_of(rows: Sequence[Row]) -> list[str]:
    """Return the costs that every row knows: energy only where the device reported it."""
    return [cost for cost in COSTS if all(row.cost(cost) is not None for row in rows)]


def _front_shares(errors_DN: Array, cost: str, rows: Sequence[Row]) -> Array:
    """Return how often each row is on the front: (N,)."""
    costs_N = np.array([row.cost(cost) for row in rows], dtype=float)
    return np.asarray(on_front(costs_N, errors_DN).mean(axis=0), dtype=float)


def on_front(costs_N: Array, errors_DN: Array) -> NDArray[np.bool_]:
    """Tell for every draw which rows no other row beats: as `pareto.front`, for all draws at once.

    Rows are met from the cheapest on; one is on the front where its error is below all before it.
    """
    is_on_front = np.zeros(errors_DN.shape, dtype=bool)
    best_D = np.full(len(errors_DN), np.inf)
    for cost in np.unique(costs_N):
        alike = np.flatnonzero(costs_N == cost)
        lowest_D = errors_DN[:, alike].min(axis=1)
        is_new_D = lowest_D < best_D
        is_on_front[:, alike] = (errors_DN[:, alike] == lowest_D[:, None]) & is_new_D[:, None]
        best_D = np.minimum(best_D, lowest_D)
    return is_on_front
