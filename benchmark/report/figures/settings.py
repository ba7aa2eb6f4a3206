"""A search's settings, one small panel each: on the scale on which its values were drawn."""

from collections.abc import Sequence
from math import ceil, floor, log10
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from benchmark.record.searches import SearchRecord
from benchmark.report.figures.style import drawing
from benchmark.report.figures.trials import AXIS, draw_trials, focus, search_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_COLUMNS = 4
N_TICKS = 5
N_LOG_TICKS = 4  # 0.0001 is wide
LONG = 34  # characters; category names of more are written in a slope
LOG, CHOICE = "log scale", " | "  # how a record writes a log scale, and values to choose from


def settings_figure(search: SearchRecord, path: Path) -> Path:
    """Draw RMSE against every setting."""
    space = search.identity["space"]
    n_rows = ceil(len(space) / N_COLUMNS)
    with drawing(path) as (plt, _):
        figure, grid = plt.subplots(
            n_rows, N_COLUMNS, figsize=(14, 1 + 2.9 * n_rows), layout="constrained", squeeze=False
        )
        for axes, (name, domain) in zip(grid.flat, space.items(), strict=False):
            _panel(axes, search, name, domain.partition(", if ")[0])
        for axes in list(grid.flat)[len(space) :]:
            axes.set_axis_off()
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        figure.supylabel(AXIS, fontsize=11)
        figure.suptitle(search_title(search), fontsize=11)
    return path


def _panel(axes: "Axes", search: SearchRecord, name: str, domain: str) -> None:
    """Draw one setting: choices side by side, numbers on their scale."""
    trials = [trial for trial in search.trials if name in trial.values]
    values = [plain(trial.values[name]) for trial in trials]
    are_choices = CHOICE in domain or not all(isinstance(value, int | float) for value in values)
    if are_choices:
        known = sorted(set(values), key=lambda value: (isinstance(value, str), value))
        draw_trials(axes, search, trials, lambda trial: known.index(plain(trial.values[name])))
        _name_choices(axes, [f"{value:g}" if _is_number(value) else str(value) for value in known])
    else:
        draw_trials(axes, search, trials, lambda trial: float(trial.values[name]))
        _scale(axes, [float(value) for value in values], is_log=LOG in domain)
    axes.set_xlabel(name.rpartition(".")[2].replace("_", " "), fontsize=10)
    focus(axes, search)


def _name_choices(axes: "Axes", names: Sequence[str]) -> None:
    is_long = sum(map(len, names)) > LONG
    axes.set_xticks(range(len(names)), [fill(name, 14) for name in names], fontsize=8)
    axes.tick_params(axis="x", rotation=30 if is_long else 0)
    axes.set_xlim(-0.5, len(names) - 0.5)


def _scale(axes: "Axes", values: Sequence[float], *, is_log: bool) -> None:
    """Draw numbers on a linear or a log axis with few ticks; 0 stands left of a log axis."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    above = [value for value in values if value > 0]
    if not is_log or not above:
        axes.xaxis.set_major_locator(
            MaxNLocator(
                N_TICKS, steps=[1, 2, 5, 10], integer=all(value == int(value) for value in values)
            )
        )
        axes.xaxis.set_major_formatter("{x:g}")
        return
    has_zero = len(above) < len(values)
    axes.set_xscale(
        "symlog" if has_zero else "log", **({"linthresh": min(above)} if has_zero else {})
    )
    ticks = ([0.0] if has_zero else []) + log_ticks(min(above), max(above))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])


def log_ticks(low: float, high: float) -> list[float]:
    """Return at most `N_LOG_TICKS` round numbers for a log axis from `low` to `high`."""
    first, last = floor(log10(low)), ceil(log10(high))
    decades = [10.0**power for power in range(first, last + 1)]
    inside = [tick for tick in decades if low <= tick <= high]
    if len(inside) < 3:
        fine = [step * decade for decade in decades for step in (1, 2, 5)]
        inside = [tick for tick in fine if low <= tick <= high]
    if len(inside) < 2:
        return sorted({low, high})
    return inside[:: ceil(len(inside) / N_LOG_TICKS)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def plain(value: Any) -> Any:
    """Return a value that can be a key; lists as text."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value
