"""Members and fusions of composed models, from the same training and on the same songs."""

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Table
from benchmark.report.grid import Column, Grid
from benchmark.report.tables import SCORES, shown
from benchmark.report.views.view import View


class ComponentsView(View):
    """One table for each row whose model is composed of others."""

    def table_grids(self, comparison: Comparison, table: Table) -> list[Grid]:
        """Return one grid for each row whose model has components."""
        shared = table.shared_settings
        return [
            Grid(
                title=f"Components of {row.label(shared)}: the same training, the same songs",
                columns=(Column("component", is_text=True), Column("n"), *SCORES),
                lines=tuple(
                    (name, str(row.n_cells), *shown(scores))
                    for name, scores in row.components.items()
                ),
            )
            for row in table.rows
            if row.components
        ]
