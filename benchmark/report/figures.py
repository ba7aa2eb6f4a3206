"""Plots of finished tables (only door to seaborn)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from benchmark.report.aggregate import CONVENTIONS, Row, Table
from benchmark.report.effects import Effect
from benchmark.report.pareto import front
from benchmark.report.published import Published, published_beside
from benchmark.report.tables import title
from datasets.contract import TARGETS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MARKERS = "oDsP^vX*<>hd"  # one per sequence length
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
    with _drawing(path) as (plt, sns):
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


@contextmanager
def _drawing(path: Path) -> Iterator[tuple[Any, Any]]:
    """Lend pyplot and seaborn, styled alike for all figures; save what was drawn and close it."""
    import matplotlib as mpl
    import seaborn as sns

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with sns.axes_style("whitegrid"), sns.plotting_context("notebook"):
        yield plt, sns
        path.parent.mkdir(parents=True, exist_ok=True)
        plt.savefig(path, dpi=150)
        plt.close()


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


def effects_figure(found: Sequence[Effect], path: Path) -> Path | None:
    """Draw how much each change moves the average RMSE, with its interval, under both conventions.

    One line a change, grouped by model and length; left of zero is better. None for no change.
    """
    if not found:
        return None
    with _drawing(path) as (plt, sns):
        height = 1.6 + 0.34 * len(found)
        figure, axes = plt.subplots(figsize=(11, height), layout="constrained")
        colours = sns.color_palette("colorblind", len(CONVENTIONS))
        for index, (convention, suffix) in enumerate(CONVENTIONS.items()):
            moves = [effect.moves[f"rmse_average{suffix}"] for effect in found]
            axes.errorbar(
                [mean for mean, _, _ in moves],
                [position + 0.22 * (index - 0.5) for position in range(len(found))],
                xerr=[
                    [max(mean - low, 0) for mean, low, _ in moves],
                    [max(high - mean, 0) for mean, _, high in moves],
                ],
                fmt=MARKERS[index],
                color=colours[index],
                capsize=3,
                label=convention,
            )
        axes.axvline(0, color="0.35", linewidth=1.2)
        axes.set_yticks(range(len(found)), [_effect_name(effect) for effect in found], fontsize=9)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlabel("change of average RMSE against the default (left is better)")
        figure.legend(loc="outside lower center", ncols=len(CONVENTIONS), frameon=False)
    return path


def emotion_figure(table: "pd.DataFrame", heading: str, path: Path) -> Path:
    """Draw a recording's emotion over time and its path in the valence-arousal plane.

    `table` holds `seconds`, and per target its mean, `_low` and `_high` over repetitions.
    """
    with _drawing(path) as (plt, sns):
        figure, (curves, plane) = plt.subplots(
            1, 2, figsize=(12, 4.8), layout="constrained", width_ratios=(1.55, 1)
        )
        colours = sns.color_palette("colorblind", len(TARGETS))
        for target, colour, line in zip(TARGETS, colours, ("-", "--"), strict=True):
            seconds, low, high = (table[c] for c in ("seconds", f"{target}_low", f"{target}_high"))
            curves.plot(seconds, table[target], line, color=colour, linewidth=2, label=target)
            curves.fill_between(seconds, low, high, color=colour, alpha=0.2, linewidth=0)
        curves.axhline(0, color="0.35", linewidth=0.8)
        curves.set(xlabel="seconds", ylabel="emotion, scale [-1, 1]")
        curves.margins(x=0)
        curves.legend(frameon=True, fontsize=10)
        plane.plot(table["valence"], table["arousal"], color="0.6", linewidth=1, zorder=1)
        points = plane.scatter(
            table["valence"], table["arousal"], c=table["seconds"], cmap="cividis", s=18, zorder=2
        )
        plane.plot(*table.loc[0, ["valence", "arousal"]], "k^", markersize=9, label="start")
        plane.plot(*table.loc[len(table) - 1, ["valence", "arousal"]], "ks", label="end")
        for line_at in (plane.axhline, plane.axvline):
            line_at(0, color="0.35", linewidth=0.8, zorder=0)
        reach = 1.1 * max(0.3, *(float(table[target].abs().max()) for target in TARGETS))
        plane.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="valence", ylabel="arousal")
        plane.set_aspect("equal")
        plane.legend(frameon=True, fontsize=9)
        figure.colorbar(points, ax=plane, label="seconds")
        figure.suptitle(heading, fontsize=11)
    return path


def _effect_name(effect: Effect) -> str:
    """Return model, length and change, for people, broken into short lines."""
    length = "" if effect.sequence_length is None else f", L={effect.sequence_length}"
    return fill(f"{effect.model}{length}: {effect.changed}", 46, break_long_words=False)


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
