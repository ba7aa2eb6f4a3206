"""How much each change moves the error: one line a change, with its interval."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from benchmark.analysis.ablations import Ablation
from benchmark.evaluate.registry import CONVENTIONS
from benchmark.report.figures.style import CONVENTION_INKS, drawing

MOST_CHANGES = 100


def ablations_figure(found: Sequence[Ablation], path: Path) -> Path | None:
    """Draw how much each change moves the average RMSE, with its interval, under both conventions.

    One line a change, grouped by model and length; left of zero is better. None for no change,
    and for more than a page holds: the table has them.
    """
    if not 0 < len(found) <= MOST_CHANGES:
        return None
    with drawing(path) as (plt, _):
        height = 1.6 + 0.34 * len(found)
        figure, axes = plt.subplots(figsize=(11, height), layout="constrained")
        for index, (convention, suffix) in enumerate(CONVENTIONS.items()):
            moves = [effect.moves[f"rmse_average{suffix}"] for effect in found]
            axes.errorbar(
                [mean for mean, _, _ in moves],
                [position + 0.22 * (index - 0.5) for position in range(len(found))],
                xerr=[
                    [max(mean - low, 0) for mean, low, _ in moves],
                    [max(high - mean, 0) for mean, _, high in moves],
                ],
                fmt="o",
                color=CONVENTION_INKS[convention],
                capsize=3,
                label=convention,
            )
        axes.axvline(0, color="0.35", linewidth=1.2)
        axes.set_yticks(range(len(found)), [_effect_name(effect) for effect in found], fontsize=9)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlabel("change of average RMSE against the default (left is better)")
        figure.legend(loc="outside lower center", ncols=len(CONVENTIONS), frameon=False)
    return path


def _effect_name(effect: Ablation) -> str:
    length = "" if effect.sequence_length is None else f", L={effect.sequence_length}"
    return fill(f"{effect.model}{length}: {effect.changed}", 46, break_long_words=False)
