"""Figures of RMSE against what it costs: parameters, operations, time, energy."""

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmark.analysis.rows import Table
from benchmark.evaluate.registry import CONVENTIONS
from benchmark.report.figures.costs import costs_figure
from benchmark.report.figures.tradeoff import column_figure, tradeoff_figure
from benchmark.report.views.view import COLUMN, Figure, View

if TYPE_CHECKING:
    from benchmark.analysis.comparison import Comparison


class TradeoffView(View):
    """One figure of the trade-off for every table, and one of its other costs."""

    def table_figures(self, comparison: "Comparison", table: Table, kind: str) -> list[Figure]:
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


def without_records(table: Table) -> Table:
    """Return a table without the records behind it, which figures do not show, to be sent."""
    return replace(table, rows=tuple(replace(row, cells=(), samples={}) for row in table.rows))
