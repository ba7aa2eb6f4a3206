"""RMSE against parameters, with the front and what others printed."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.report.aggregate import CONVENTIONS, Row, Table
from benchmark.report.figures.style import MARKERS, drawing
from benchmark.report.pareto import front
from benchmark.report.published import Published, published_beside
from benchmark.report.tables import title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DODGE = 1.2  # rows of one model share their count; they are drawn this factor apart


def tradeoff_figure(table: Table, path: Path) -> Path | None:
    """Draw RMSE against parameters, one panel per convention; None where no row is complete.

    Error bars are one standard deviation over repetitions. The front joins the rows that no
    other row beats on both axes. Colour tells the model, shape the sequence length. Hollow points
    are what others printed for the same songs; they take no part in the front. Rows that change
    a setting of another row have a figure of their own, and flattered rows have no place here.
    """
    rows = [row for row in table.rows if row.is_complete and not _is_change(row, table)]
    if not rows:
        return None
    with drawing(path) as (plt, sns):
        figure, panels = plt.subplots(1, len(CONVENTIONS), figsize=(12, 5.6), layout="constrained")
        models = list(dict.fromkeys(row.model for row in rows))
        colours = dict(zip(models, sns.color_palette("colorblind", len(models)), strict=True))
        for axes, (convention, suffix) in zip(panels, CONVENTIONS.items(), strict=True):
            _panel(axes, rows, table.shared_settings, f"rmse_average{suffix}", colours)
            _published_points(axes, published_beside(table), colours)
            _reference_lines(axes, table, f"rmse_average{suffix}")
            axes.set_title(f"RMSE {convention}", fontsize=11)
            axes.set_xlabel("trainable parameters")
        panels[0].set_ylabel("RMSE, mean of valence and arousal")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(
            handles,
            names,
            loc="outside lower center",
            ncols=4,
            fontsize=11,
            columnspacing=1.2,
            frameon=False,
        )
        figure.suptitle(title(table), fontsize=10)
    return path


def _is_change(row: Row, table: Table) -> bool:
    """Tell whether a row is flattered, or its default stands in the same table."""
    shared = table.shared_settings
    has_default = any(
        (other.model, other.sequence_length) == (row.model, row.sequence_length)
        and not other.own_settings(shared)
        for other in table.rows
    )
    is_flattered = row.settings.get("selection") == "evaluation"
    return is_flattered or (has_default and bool(row.own_settings(shared)))


def _panel(
    axes: "Axes",
    rows: Sequence[Row],
    shared: dict[str, Any],
    score: str,
    colours: dict[str, tuple[float]],
) -> None:
    """Draw one convention: points with spread, and the front."""
    lengths = list(dict.fromkeys(row.sequence_length for row in rows))
    axes.set_xscale("log")
    points = [(float(row.parameters or 0), float(row.scores[score] or 0)) for row in rows]
    for row, (x, y) in zip(rows, points, strict=True):
        siblings = [one.group for one in rows if one.model == row.model]
        shift = siblings.index(row.group) - (len(siblings) - 1) / 2
        has_length = len(siblings) > 1 and row.sequence_length is not None
        length = f", L={row.sequence_length}" if has_length else ""
        axes.errorbar(
            x * DODGE**shift,
            y,
            yerr=row.scores[f"{score}_std"],
            fmt=MARKERS[lengths.index(row.sequence_length) % len(MARKERS)],
            color=colours[row.model],
            markersize=9,
            capsize=4,
            label=row.label(shared) + length,
        )
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


def _published_points(
    axes: "Axes", rows: Sequence[Published], colours: dict[str, tuple[float]]
) -> None:
    """Draw printed values hollow, in their model's colour, on both panels: none says which."""
    drawn = [row for row in rows if row.parameters and row.average]
    systems = dict.fromkeys((row.label, row.features) for row in drawn)
    for system, marker in zip(systems, cycle(MARKERS)):
        points = [row for row in drawn if (row.label, row.features) == system]
        axes.plot(
            [row.parameters or 0 for row in points],
            [row.average or 0 for row in points],
            linestyle="none",
            marker=marker,
            markerfacecolor="none",
            markeredgecolor=colours.get(points[0].model, "0.4"),
            markersize=9,
            label=f"published: {system[0]}, {system[1]}",
        )


def _reference_lines(axes: "Axes", table: Table, score: str) -> None:
    """Draw what no model can know as a dashed line, or name it where it lies off the panel."""
    low, high = axes.get_ylim()
    margin = 0.15 * (high - low)
    known = {name: scores[score] for name, scores in table.references.items()}
    values = {name: value for name, value in known.items() if value is not None}
    off_panel = [f"{one} {value:.3f}" for one, value in values.items() if value < low - margin]
    drawn = {name: value for name, value in values.items() if value >= low - margin}
    for name, value in drawn.items():
        axes.axhline(value, color="0.5", linestyle="--", linewidth=1)
        is_below = any(0 < other - value < margin for other in drawn.values())
        axes.annotate(
            name, (1, value), xycoords=("axes fraction", "data"), ha="right",
            va="top" if is_below else "bottom", fontsize=8, color="0.35",
        )  # fmt: skip
    if off_panel:
        axes.annotate(
            "below this panel: " + ", ".join(off_panel), (0.01, 0.01), xycoords="axes fraction",
            fontsize=8, color="0.35",
        )  # fmt: skip
