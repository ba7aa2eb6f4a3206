"""What others printed for the same songs; never averaged with ours."""

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Table
from benchmark.evaluate.registry import MEASURES
from benchmark.report.grid import Column, Grid
from benchmark.report.published import published_beside
from benchmark.report.views.view import View


class PublishedView(View):
    """The printed rows, each with its source."""

    def table_grids(self, comparison: Comparison, table: Table) -> list[Grid]:
        """Return what others printed for the same songs; the convention is theirs."""
        rows = published_beside(table)
        if not rows:
            return []
        lines = [
            (
                row.label,
                "-" if row.sequence_length is None else str(row.sequence_length),
                row.features,
                row.convention,
                *(row.shown(measure) for measure in MEASURES),
                row.source,
            )
            for row in rows
        ]
        return [
            Grid(
                title="Published by others on the same songs, not measured here",
                columns=(
                    Column("system", is_text=True),
                    Column("L"),
                    *(
                        Column(heading, is_text=True)
                        for heading in ("features", "convention", *MEASURES, "source")
                    ),
                ),
                lines=tuple(lines),
                notes=(
                    "No convention: the source does not say whether it pools frames or averages"
                    " songs.",
                ),
            )
        ]
