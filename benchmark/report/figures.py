"""Plots of finished tables (only door to seaborn)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.report.aggregate import CONVENTIONS, Row, Table
from benchmark.report.pareto import front
from benchmark.report.tables import title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "oDsP^vX*<>hd"


def tradeoff_figure(table: Table, path: Path) -> Path | None:
    """Draw RMSE against parameters, one panel per convention; None where no row is complete.

    Error bars are one standard deviation over repetitions. The front joins the rows that no
    other row beats on both axes.
    """
    rows = [row for row in table.rows if row.is_complete]
    if not rows:
        return None
    import matplotlib as mpl
    import seaborn as sns

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with sns.axes_style("whitegrid"), sns.plotting_context("notebook"):
        figure, panels = plt.subplots(
            1, len(CONVENTIONS), figsize=(12, 5.4), sharey=True, layout="constrained"
        )
        models = list(dict.fromkeys(row.model for row in rows))
        colours = dict(zip(models, sns.color_palette("colorblind", len(models)), strict=True))
        for axes, (convention, suffix) in zip(panels, CONVENTIONS.items(), strict=True):
            _panel(axes, rows, f"rmse_average{suffix}", colours)
            _reference_lines(axes, table, f"rmse_average{suffix}")
            axes.set_title(f"RMSE {convention}", fontsize=11)
            axes.set_xlabel("trainable parameters")
        panels[0].set_ylabel("RMSE, mean of valence and arousal")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=5, frameon=False)
        figure.suptitle(title(table), fontsize=10)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
        plt.close(figure)
    return path


def _panel(axes: "Axes", rows: Sequence[Row], score: str, colours: dict[str, tuple[float]]) -> None:
    """Draw one convention: points with spread, sequence lengths beside them, the front."""
    points = [(float(row.parameters or 0), float(row.scores[score] or 0)) for row in rows]
    axes.set_xscale("log")
    named: set[str] = set()
    for row, (x, y) in zip(rows, points, strict=True):
        axes.errorbar(
            x,
            y,
            yerr=row.scores[f"{score}_std"],
            fmt=MARKERS[list(colours).index(row.model) % len(MARKERS)],
            color=colours[row.model],
            markersize=9,
            capsize=4,
            label=None if row.model in named else row.model,
        )
        named.add(row.model)
    _name_lengths(axes, rows, points)
    on_front = front(points)
    axes.step(
        [points[index][0] for index in on_front],
        [points[index][1] for index in on_front],
        where="post",
        color="0.35",
        linewidth=1.2,
        zorder=0,
        label="front: fewer parameters or lower RMSE",
    )


def _name_lengths(axes: "Axes", rows: Sequence[Row], points: Sequence[tuple[float, float]]) -> None:
    """Write L beside the points of a model that was trained at several lengths."""
    several = {row.model for row in rows if sum(row.model == one.model for one in rows) > 1}
    for row, point in zip(rows, points, strict=True):
        if row.model in several and row.sequence_length is not None:
            axes.annotate(
                f"L={row.sequence_length}", point, xytext=(9, -3), textcoords="offset points",
                fontsize=8,
            )  # fmt: skip


def _reference_lines(axes: "Axes", table: Table, score: str) -> None:
    """Draw what no model can know as dashed lines, named at alternate ends."""
    for position, (name, scores) in enumerate(table.references.items()):
        value = scores[score]
        if value is not None:
            axes.axhline(value, color="0.5", linestyle="--", linewidth=1)
            axes.annotate(
                name, (1 - position % 2, value), xycoords=("axes fraction", "data"),
                ha="left" if position % 2 else "right", va="bottom",
                fontsize=8, color="0.35",
            )  # fmt: skip
