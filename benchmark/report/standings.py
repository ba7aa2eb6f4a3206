"""How safe a rank is: the same songs and repetitions drawn anew for all rows of a table.

Draw   songs crossed with repetitions; rows with equally many repetitions share what is drawn
Best   how often a row has the lowest average RMSE, and its mean rank (1 is best)
Front  how often no other row has both fewer costs and a lower error; costs are not drawn
Axes   D draws, N rows
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.bootstrap import resampled_averages
from benchmark.analysis.resamples import FEW, FEWEST, MANY, Array
from benchmark.analysis.rows import COSTS, Row, Table
from benchmark.evaluate.registry import CONVENTIONS
from benchmark.report.grid import Column, Grid


@dataclass(frozen=True)
class Standing:
    """What the draws say about one row; keys end in the convention, "" or "_per_song"."""

    best_share: dict[str, float]
    mean_rank: dict[str, float]
    front_share: dict[str, float]  # "parameters" -> share of draws; "parameters_per_song"

    def flat(self) -> dict[str, Any]:
        """Return the standing as flat JSON-ready values."""
        return {
            **{f"best_share{suffix}": share for suffix, share in self.best_share.items()},
            **{f"mean_rank{suffix}": rank for suffix, rank in self.mean_rank.items()},
            **{f"front_share_{key}": share for key, share in self.front_share.items()},
        }


def standings(table: Table) -> dict[str, Standing]:
    """Return group -> standing of every row that competes with the others."""
    rows = table.competitors
    if not rows:
        return {}
    found = [Standing({}, {}, {}) for _ in rows]
    n = FEW if rows[0].n_resamples == MANY else FEWEST  # shares are printed in whole per cent
    for suffix in CONVENTIONS.values():
        errors_DN = np.stack([resampled_averages(row.cells, suffix, n) for row in rows], axis=1)
        ranks_DN = ranks(errors_DN)
        fronts = {cost: _front_shares(errors_DN, cost, rows) for cost in costs_of(rows)}
        for index, standing in enumerate(found):
            standing.best_share[suffix] = float(np.mean(ranks_DN[:, index] == 1))
            standing.mean_rank[suffix] = float(ranks_DN[:, index].mean())
            for cost, shares_N in fronts.items():
                standing.front_share[f"{cost}{suffix}"] = float(shares_N[index])
    return {row.group: standing for row, standing in zip(rows, found, strict=True)}


def ranks(errors_DN: Array) -> NDArray[np.intp]:
    """Return each row's rank in every draw, 1 for the lowest error; equal rows share the better."""
    order_DN = np.argsort(errors_DN, axis=1, kind="stable")
    sorted_DN = np.take_along_axis(errors_DN, order_DN, axis=1)
    is_higher_DN = np.diff(sorted_DN, axis=1, prepend=-np.inf) > 0
    places_N = np.arange(1, errors_DN.shape[1] + 1)
    shared_DN = np.maximum.accumulate(np.where(is_higher_DN, places_N, 0), axis=1)
    found_DN = np.empty_like(order_DN)
    np.put_along_axis(found_DN, order_DN, shared_DN, axis=1)
    return found_DN


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


def standing_grids(table: Table, found: Mapping[str, Standing]) -> list[Grid]:
    """Return one line per row that competes; no grid where there are fewer than two."""
    rows = table.competitors
    if len(rows) < 2:
        return []
    shared = table.shared_settings
    n_left_out = len(table.rows) - len(rows)
    left_out = f" {n_left_out} rows are incomplete, flattered or change a setting of another."
    return [
        Grid(
            title="How safe the ranks are: songs and repetitions drawn anew",
            columns=(
                Column("model", is_text=True),
                *(
                    Column(heading, convention)
                    for convention in CONVENTIONS
                    for heading in ("best", "mean rank", "front")
                ),
            ),
            lines=tuple((row.name(shared), *_cells(found[row.group])) for row in rows),
            notes=(
                f"{len(rows)} rows: in how many of 100 draws a row is the best, its mean rank, and"
                " in how many it is on the front of error against parameters (other costs: CSV)."
                " Songs are drawn with all their frames, the same for all rows, crossed with"
                " repetitions." + (left_out if n_left_out else ""),
                *table.unit_notes,
            ),
        )
    ]


def _cells(standing: Standing) -> list[str]:
    """Return shares in per cent, ranks with one digit."""
    return [
        text
        for suffix in CONVENTIONS.values()
        for text in (
            f"{100 * standing.best_share[suffix]:.0f}",
            f"{standing.mean_rank[suffix]:.1f}",
            f"{100 * standing.front_share[f'parameters{suffix}']:.0f}",
        )
    ]
