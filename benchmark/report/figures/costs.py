"""RMSE against what else a row costs: operations, training time, energy where it is known."""

from pathlib import Path

from benchmark.analysis.ranking import costs_of
from benchmark.analysis.rows import Table
from benchmark.report.figures.points import caption, draw_points, name_models
from benchmark.report.figures.style import drawing
from benchmark.report.published import looks_of_table
from benchmark.report.tables import heading
from benchmark.report.tradeoff import COSTS

SCORE = "rmse_average"  # pooled


def costs_figure(table: Table, path: Path) -> Path | None:
    """Draw pooled RMSE against every cost but parameters; None where there is none to show.

    Training seconds depend on the machine and on what else it did; rows of several devices are
    not to be compared by them.
    """
    rows = table.competitors
    costs = [cost for cost in costs_of(rows) if cost != "parameters"]
    if len(rows) < 2 or not costs:
        return None
    with drawing(path) as (plt, _):
        figure, panels = plt.subplots(
            1, len(costs), figsize=(6 * len(costs), 5.2), layout="constrained", squeeze=False
        )
        looks = looks_of_table(table)
        for axes, cost in zip(panels[0], costs, strict=True):
            draw_points(axes, rows, SCORE, cost, looks)
            axes.set_xlabel(COSTS[cost])
        panels[0][0].set_ylabel("RMSE pooled (bars: ± 1 SD)\nmean of valence and arousal")
        name_models(figure, rows, looks, note=caption(rows, costs), ncols=4, fontsize=10)
        devices = ", ".join(sorted({row.device for row in rows}))
        figure.suptitle(f"{heading(table)}, trained on: {devices}", fontsize=9)
    return path
