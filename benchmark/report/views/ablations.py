"""What each change does, as a table: one line a change, with its interval."""

from benchmark.analysis.ablations import Ablation, on_evaluation_songs
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import settings_text, shared_settings
from benchmark.report.figures.ablations import ablations_figure
from benchmark.report.grid import Column, Grid
from benchmark.report.tables import SCORES, interval_text
from benchmark.report.views.view import COLUMN, Figure, View

NOTE = (
    "Change of RMSE [95 % interval over songs and repetitions, paired]; below"
    " zero is better. Many rows: some intervals leave out zero by chance."
)


class AblationsView(View):
    """Every changed setting against the default of the same model and length."""

    def study_grids(self, comparison: Comparison) -> list[Grid]:
        """Return one line per change of these tables; no grid where nothing was changed."""
        found = comparison.ablations
        if not found:
            return []
        shared = shared_settings(row for _, row in on_evaluation_songs(comparison.tables))
        return [
            Grid(
                title="Change against the default settings, evaluation songs",
                columns=(
                    Column("model", is_text=True),
                    Column("L"),
                    Column("changed", is_text=True),
                    *SCORES,
                ),
                lines=tuple(_cells(ablation) for ablation in found),
                notes=(
                    NOTE,
                    *(
                        [f"On both sides: {settings_text(shared)} (not the default)."]
                        if shared
                        else []
                    ),
                    *dict.fromkeys(
                        note for table in comparison.tables for note in table.unit_notes
                    ),
                ),
            )
        ]

    def study_figures(self, comparison: Comparison, kind: str) -> list[Figure]:
        """Return one figure of all changes."""
        if kind == COLUMN:
            return []
        return [Figure("-changes", ablations_figure, (comparison.ablations,))]


def _cells(ablation: Ablation) -> tuple[str, ...]:
    """Return "+0.004 [-0.002, +0.010]" for every error."""
    length = "-" if ablation.sequence_length is None else str(ablation.sequence_length)
    moves = (interval_text(mean, (low, high)) for mean, low, high in ablation.moves.values())
    return (ablation.model, length, ablation.changed, *moves)
