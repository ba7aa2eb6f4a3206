"""How safe the ranks are, as a table: share of resamples, mean rank, share on the front."""

from collections.abc import Mapping
from typing import ClassVar

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.ranking import Ranking
from benchmark.analysis.rows import COSTS, Table
from benchmark.evaluate.registry import CONVENTIONS
from benchmark.report.columns import Columns, number, share
from benchmark.report.grid import Column, Grid
from benchmark.report.views.view import Values, View

SUFFIXES = tuple(CONVENTIONS.values())


class RankingView(View):
    """How often a row is the best, its mean rank, and how often it is on the front."""

    columns: ClassVar[Columns] = {
        **{f"best_share{suffix}": share() for suffix in SUFFIXES},
        **{f"mean_rank{suffix}": number(minimum=1) for suffix in SUFFIXES},
        **{f"front_share_{cost}{suffix}": share() for suffix in SUFFIXES for cost in COSTS},
    }

    def table_grids(self, comparison: Comparison, table: Table) -> list[Grid]:
        """Return a line per row that competes."""
        return ranking_grids(table, comparison.rankings)

    def values(self, comparison: Comparison, table: Table) -> Values:
        """Return the shares and mean ranks of the rows that compete."""
        return {row.group: comparison.rankings[row.group].flat() for row in table.competitors}


def ranking_grids(table: Table, found: Mapping[str, Ranking]) -> list[Grid]:
    """Return one line per row that competes; no grid where there are fewer than two."""
    rows = table.competitors
    if len(rows) < 2:
        return []
    shared = table.shared_settings
    n_left_out = len(table.rows) - len(rows)
    left_out = (
        f" {n_left_out} rows are incomplete, chose their epoch on evaluation songs or change a"
        " setting of another."
    )
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


def _cells(ranking: Ranking) -> list[str]:
    return [
        text
        for suffix in CONVENTIONS.values()
        for text in (
            f"{100 * ranking.best_share[suffix]:.0f}",
            f"{ranking.mean_rank[suffix]:.1f}",
            f"{100 * ranking.front_share[f'parameters{suffix}']:.0f}",
        )
    ]
