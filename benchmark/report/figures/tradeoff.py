"""RMSE against parameters: the front, how safe a place on it is, and what others printed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from benchmark.analysis.ranking import Ranking
from benchmark.analysis.rows import Row, Table
from benchmark.evaluate.registry import CONVENTIONS
from benchmark.report.figures.points import (
    Looks,
    caption,
    draw_points,
    name_models,
)
from benchmark.report.figures.style import CONVENTION_INKS, drawing
from benchmark.report.palette import NO_MODEL, look_of, mark_size
from benchmark.report.published import (
    Published,
    drawn_of,
    looks_of_table,
    marks_of_published,
    said_of_published,
)
from benchmark.report.tables import heading
from benchmark.report.tradeoff import COSTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COST = "parameters"
ROW_HEIGHT = 0.5  # inches of a row in the panel of shares
MOST_ROWS = 24  # in that panel
NAME_WIDTH = 30  # characters
BAR = 0.3  # height of a share's bar; a row has 1
SMALL = {
    "font.size": 7.5, "axes.labelsize": 7.5, "xtick.labelsize": 7, "ytick.labelsize": 7,
    "grid.linewidth": 0.5, "axes.linewidth": 0.6,
}  # fmt: skip
COLUMN_INCHES = (3.4, 3.1)  # one column of a paper


def tradeoff_figure(table: Table, ranking_of: Mapping[str, Ranking], path: Path) -> Path | None:
    """Draw RMSE against parameters, one panel per convention; None where no row is complete.

    Error bars are one standard deviation over repetitions. The front joins the rows that no
    other row beats on both axes; the last panel shows in how many resamples of songs and
    repetitions a row is on it. Colour and mark tell the model, size the sequence length. Thin
    marks are what others printed for the same songs; they take no part in the front.
    """
    rows = table.competitors
    if not rows:
        return None
    with drawing(path) as (plt, _):
        figure, (*panels, shares) = plt.subplots(
            1,
            len(CONVENTIONS) + 1,
            figsize=(16, max(5.8, 2.6 + ROW_HEIGHT * min(len(rows), MOST_ROWS))),
            width_ratios=(1, 1, 0.62),
            layout="constrained",
        )
        looks = looks_of_table(table)
        for axes, (convention, suffix) in zip(panels, CONVENTIONS.items(), strict=True):
            draw_points(axes, rows, f"rmse_average{suffix}", COST, looks)
            printed = _published_points(axes, drawn_of(table))
            _reference_lines(axes, table, f"rmse_average{suffix}")
            axes.set_title(f"RMSE {convention}", fontsize=11)
            axes.set_xlabel(COSTS[COST])
        panels[0].set_ylabel("RMSE, mean of valence and arousal (bars: ± 1 SD)")
        _shares(shares, rows, table, ranking_of, looks)
        note = " ".join(
            filter(None, [caption(rows, [COST]), said_of_published(table, drawn_of(table))])
        )
        name_models(
            figure, rows, looks, printed, note=note, ncols=5, fontsize=11, columnspacing=1.2
        )
        figure.suptitle(heading(table), fontsize=10)
    return path


def column_figure(table: Table, convention: str, path: Path) -> Path | None:
    """Draw RMSE against parameters alone, as wide as a column of a paper, without a title."""
    rows = table.competitors
    if not rows:
        return None
    with drawing(path) as (plt, _), plt.rc_context(SMALL):
        looks, score = looks_of_table(table), f"rmse_average{CONVENTIONS[convention]}"
        width, height = COLUMN_INCHES
        height += 0.09 * len({row.model for row in rows})
        figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
        draw_points(axes, rows, score, COST, looks, scale=0.6)
        printed = _published_points(axes, drawn_of(table), scale=0.6)
        _reference_lines(axes, table, score, fontsize=6)
        axes.set_xlabel(COSTS[COST])
        axes.set_ylabel(f"RMSE, {convention}")
        name_models(
            figure, rows, looks, printed, scale=0.6, front_name="front", ncols=2, fontsize=6,
            columnspacing=1,
        )  # fmt: skip
    return path


def _shares(
    axes: "Axes", rows: Sequence[Row], table: Table, ranking_of: Mapping[str, Ranking], looks: Looks
) -> None:
    """Draw one line a row: its mark, and how often it is on the front under each convention.

    Of many rows, those that are on it most often.
    """
    shares_of = {
        row.group: [
            100 * ranking_of[row.group].front_share[f"{COST}{suffix}"]
            for suffix in CONVENTIONS.values()
        ]
        for row in rows
    }
    often = sorted(rows, key=lambda row: -sum(shares_of[row.group]))
    kept = {row.group for row in often[:MOST_ROWS]}
    shown = [row for row in rows if row.group in kept]
    for place, row in enumerate(shown):
        look = looks[row.model]
        size = mark_size(row.sequence_length)
        axes.plot(
            [-8], [place], linestyle="none", marker=look.mark.marker, color=look.colour,
            markersize=size, clip_on=False, markeredgecolor="white",
        )  # fmt: skip
    for index, (convention, ink) in enumerate(CONVENTION_INKS.items()):
        places = [place + BAR * (index - 0.5) for place in range(len(shown))]
        shares = [shares_of[row.group][index] for row in shown]
        axes.barh(places, shares, height=BAR, color=ink, linewidth=0, label=convention)
    shared = table.shared_settings
    names = [fill(row.name(shared), NAME_WIDTH, break_long_words=False) for row in shown]
    axes.set_yticks(range(len(shown)), names, fontsize=10)
    axes.tick_params(axis="y", pad=24)
    axes.grid(visible=False, axis="y")
    axes.set(xlim=(0, 100), ylim=(len(shown) - 0.5, -0.5), xlabel="% of resamples")
    of_many = f", {len(shown)} of {len(rows)} rows" if len(shown) < len(rows) else ""
    axes.set_title(f"how often on the front{of_many}", fontsize=11)
    axes.legend(fontsize=9, frameon=True, loc="best")


def _published_points(axes: "Axes", rows: Sequence[Published], scale: float = 1) -> list[Any]:
    """Draw printed values in thin marks of their own, in their model's colour; return them.

    They stand on the panels of both conventions: none says which it is.
    """
    return [
        axes.plot(
            [row.parameters or 0 for row in points],
            [row.average or 0 for row in points],
            linestyle="none",
            marker=mark.marker,
            color=look_of(points[0].model).colour if points[0].model else NO_MODEL[0],
            markersize=11 * scale,
            markeredgewidth=1.8 * scale,
            label=f"published: {system[0]}, {system[1]}",
        )[0]
        for system, mark in marks_of_published().items()
        if (points := [row for row in rows if (row.label, row.features) == system])
    ]


def _reference_lines(axes: "Axes", table: Table, score: str, fontsize: float = 8) -> None:
    """Draw what no model can know as a dashed line, or name it where it lies off the panel."""
    low, high = axes.get_ylim()
    margin = 0.15 * (high - low)
    known = {name: scores[score] for name, scores in table.references.items()}
    values = {name: value for name, value in known.items() if value is not None}
    off_panel = [f"{name} {value:.3f}" for name, value in values.items() if value < low - margin]
    drawn = {name: value for name, value in values.items() if value >= low - margin}
    for name, value in drawn.items():
        axes.axhline(value, color="0.5", linestyle="--", linewidth=1)
        is_below = any(0 < other - value < margin for other in drawn.values())
        is_between = is_below and any(0 < value - other < margin for other in drawn.values())
        axes.annotate(  # a line between two others has no room at its right end
            name, (0.01 if is_between else 1, value), xycoords=("axes fraction", "data"),
            ha="left" if is_between else "right", fontsize=fontsize, color="0.35",
            va="top" if is_below and not is_between else "bottom",
        )  # fmt: skip
    if off_panel:
        axes.annotate(
            "below this panel: " + ", ".join(off_panel), (0.01, 0.01), xycoords="axes fraction",
            fontsize=fontsize, color="0.35",
        )  # fmt: skip
