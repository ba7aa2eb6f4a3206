"""RMSE against parameters: the front, how safe a place on it is, and what others printed."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from benchmark.report.aggregate import CONVENTIONS, Row, Table
from benchmark.report.figures.points import Colours, colours_of, draw_points, marker_of
from benchmark.report.figures.style import MARKERS, drawing
from benchmark.report.published import Published, published_beside
from benchmark.report.standings import Standing
from benchmark.report.tables import title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COST = "parameters"
ROW_HEIGHT = 0.5  # inches of a row in the panel of shares
MOST_ROWS = 24  # in that panel
NAME_WIDTH = 30  # characters
FACES = (("o", "0.15"), ("s", "white"))  # marker and filling of a convention


def tradeoff_figure(table: Table, standings: Mapping[str, Standing], path: Path) -> Path | None:
    """Draw RMSE against parameters, one panel per convention; None where no row is complete.

    Error bars are one standard deviation over repetitions. The front joins the rows that no
    other row beats on both axes; the last panel tells in how many draws of songs and repetitions
    a row is on it. Colour tells the model, shape the row. Hollow points are what others printed
    for the same songs; they take no part in the front.
    """
    rows = table.competitors
    if not rows:
        return None
    with drawing(path) as (plt, sns):
        figure, (*panels, shares) = plt.subplots(
            1,
            len(CONVENTIONS) + 1,
            figsize=(16, max(5.8, 2.6 + ROW_HEIGHT * min(len(rows), MOST_ROWS))),
            width_ratios=(1, 1, 0.62),
            layout="constrained",
        )
        colours = colours_of(rows, sns.color_palette)
        for axes, (convention, suffix) in zip(panels, CONVENTIONS.items(), strict=True):
            draw_points(axes, rows, f"rmse_average{suffix}", COST, colours)
            _published_points(axes, published_beside(table), colours)
            _reference_lines(axes, table, f"rmse_average{suffix}")
            axes.set_title(f"RMSE {convention}", fontsize=11)
            axes.set_xlabel("trainable parameters")
        panels[0].set_ylabel("RMSE, mean of valence and arousal (bars: ± 1 SD)")
        _shares(shares, rows, table, standings, colours)
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


def _shares(
    axes: "Axes",
    rows: Sequence[Row],
    table: Table,
    standings: Mapping[str, Standing],
    colours: Colours,
) -> None:
    """Draw one line a row: its marker, and how often it is on the front under each convention.

    Of many rows, those that are on it most often.
    """
    shares_of = {row.group: _front_shares(standings[row.group]) for row in rows}
    often = sorted(rows, key=lambda row: -sum(shares_of[row.group]))
    kept = {row.group for row in often[:MOST_ROWS]}
    shown = [row for row in rows if row.group in kept]
    for place, row in enumerate(shown):
        style = {"color": colours[row.model], "markersize": 9, "clip_on": False}
        axes.plot(-8, place, marker_of(row, rows), **style)
    places = list(range(len(shown)))
    pooled, per_song = zip(*(shares_of[row.group] for row in shown), strict=True)
    axes.hlines(places, pooled, per_song, color="0.6", linewidth=1.5, zorder=1)
    for convention, shares, (mark, face) in zip(
        CONVENTIONS, (pooled, per_song), FACES, strict=True
    ):
        axes.plot(
            shares, places, mark, color="0.15", markerfacecolor=face, clip_on=False,
            label=convention,
        )  # fmt: skip
    shared = table.shared_settings
    names = [fill(row.name(shared), NAME_WIDTH, break_long_words=False) for row in shown]
    axes.set_yticks(places, names, fontsize=10)
    axes.tick_params(axis="y", pad=24)
    axes.set(xlim=(0, 100), ylim=(len(shown) - 0.5, -0.5), xlabel="% of draws")
    of_many = f", {len(shown)} of {len(rows)} rows" if len(shown) < len(rows) else ""
    axes.set_title(f"how often on the front{of_many}", fontsize=11)
    axes.legend(fontsize=9, frameon=True, loc="best")


def _front_shares(standing: Standing) -> tuple[float, ...]:
    """Return in how many per cent of draws a row is on the front, by convention."""
    return tuple(100 * standing.front_share[f"{COST}{suffix}"] for suffix in CONVENTIONS.values())


def _published_points(axes: "Axes", rows: Sequence[Published], colours: Colours) -> None:
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
        is_between = is_below and any(0 < value - other < margin for other in drawn.values())
        axes.annotate(  # a line between two others has no room at its right end
            name, (0.01 if is_between else 1, value), xycoords=("axes fraction", "data"),
            ha="left" if is_between else "right", fontsize=8, color="0.35",
            va="top" if is_below and not is_between else "bottom",
        )  # fmt: skip
    if off_panel:
        axes.annotate(
            "below this panel: " + ", ".join(off_panel), (0.01, 0.01), xycoords="axes fraction",
            fontsize=8, color="0.35",
        )  # fmt: skip
