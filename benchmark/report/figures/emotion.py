"""A recording's emotion over time and in the valence-arousal plane."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.report.figures.style import drawing
from datasets.contract import TARGETS

if TYPE_CHECKING:
    import pandas as pd


def emotion_figure(table: "pd.DataFrame", heading: str, path: Path) -> Path:
    """Draw a recording's emotion over time and its path in the valence-arousal plane.

    `table` holds `seconds`, and per target its mean, `_low` and `_high` over repetitions.
    """
    with drawing(path) as (plt, sns):
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
        curves.legend(frameon=True, fontsize=10, loc="upper right")
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
        plane.legend(frameon=True, fontsize=9, loc="upper right")
        figure.colorbar(points, ax=plane, label="seconds")
        figure.suptitle(heading, fontsize=11)
    return path
