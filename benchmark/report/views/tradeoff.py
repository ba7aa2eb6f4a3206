"""Scores against what they cost, parameters, operations, time, energy: figures and a chart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Table
from benchmark.evaluate.registry import CONVENTIONS
from benchmark.report.apart import SAID
from benchmark.report.figures.costs import costs_figure
from benchmark.report.figures.tradeoff import column_figure, tradeoff_figure
from benchmark.report.tables import scored_names
from benchmark.report.tradeoff import COSTS, Tradeoff
from benchmark.report.views.view import COLUMN, Figure, Section, View


class TradeoffView(View):
    """One figure of the trade-off for every table, and one of its other costs."""

    section = Section("Scores against cost", Path(__file__))

    def table_figures(self, comparison: Comparison, table: Table, kind: str) -> list[Figure]:
        """Return both; of the kind `column`, one a convention, as wide as a paper's column."""
        light = without_records(table)
        if kind == COLUMN:
            return [
                Figure(f"-column{suffix.replace('_', '-', 1)}", column_figure, (light, convention))
                for convention, suffix in CONVENTIONS.items()
            ]
        rankings = {row.group: comparison.rankings[row.group] for row in table.competitors}
        return [
            Figure("", tradeoff_figure, (light, rankings)),
            Figure("-costs", costs_figure, (light,)),
        ]

    def drawn(self, comparison: Comparison, results: Path) -> list[Any]:
        """Return where rows stand against every cost that is known, and the fronts."""
        return [
            {
                "costs": {cost: drawn for cost in COSTS if (drawn := _drawn(table, cost))},
                "frontShares": {
                    row.group: {
                        key: round(share, 3)
                        for key, share in comparison.rankings[row.group].front_share.items()
                    }
                    for row in table.competitors
                },
                "saidOfApart": SAID,
            }
            for table in comparison.tables
        ]


def _drawn(table: Table, cost: str) -> dict[str, Any] | None:
    """Return the trade-off as the page's chart has it; rows by their places in the table."""
    ranked = {row.group for row in table.competitors}
    places = [
        place
        for place, row in enumerate(table.rows)
        if row.group in ranked and row.cost(cost) is not None
    ]
    tradeoff = Tradeoff([table.rows[place] for place in places], cost)
    if not any(tradeoff.costs):
        return None
    return {
        "title": COSTS[cost],
        "rows": places,
        "x": [float(f"{x:.5g}") for x in tradeoff.places],
        "isApart": tradeoff.is_apart,
        "fronts": {score: tradeoff.front(score) for score in scored_names(table)},
    }


def without_records(table: Table) -> Table:
    """Return a table without the records behind it, which figures do not show, to be sent."""
    return replace(table, rows=tuple(replace(row, cells=(), samples={}) for row in table.rows))
