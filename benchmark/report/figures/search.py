"""A search at a glance: its history, what mattered, every setting, and the front."""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.record.places import place
from benchmark.record.searches import SearchRecord, TrialRow
from benchmark.report.figures.style import drawing
from benchmark.report.pareto import trials_on_front

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_COLUMNS = 4  # of the small panels, one per setting
STATES = {"done": ("o", "trained to the end"), "pruned": ("x", "pruned"), "failed": ("v", "failed")}
AXIS = "RMSE on held-out development songs"
N_TICKS = 6  # a setting of so few values shows them all
LOG_SPAN = 7  # a setting that grows by more than this factor is drawn on a log scale


def search_figures(search: SearchRecord, results: Path) -> list[Path]:
    """Draw all figures of a search that has a finished trial; return their files."""
    if not search.completed:
        return []
    return [
        _overview(search, place(results, "figures", f"search-{search.name}.png")),
        _slices(search, place(results, "figures", f"search-{search.name}-settings.png")),
    ]


def _overview(search: SearchRecord, path: Path) -> Path:
    """Draw history, front and importance side by side."""
    with drawing(path) as (plt, sns):
        figure, (history, size, shares) = plt.subplots(
            1, 3, figsize=(16, 5.2), layout="constrained", width_ratios=(1, 1.15, 0.9)
        )
        colours = sns.color_palette("colorblind", 4)
        _history(history, search, colours)
        _front(size, search, colours)
        _importance(shares, search, colours[0])
        figure.suptitle(_title(search), fontsize=11)
    return path


def _title(search: SearchRecord) -> str:
    """Return what was searched, on what."""
    identity, trials = search.identity, search.trials
    counts = ", ".join(
        f"{sum(one.state == state for one in trials)} {meaning}"
        for state, (_, meaning) in STATES.items()
        if any(one.state == state for one in trials)
    )
    return (
        f"search {search.name}: {len(trials)} trials ({counts}), {identity['folds']} folds of the"
        f" development songs of {identity['dataset']}, {identity['features']},"
        f" digest {identity['dataset digest'][:8]}"
    )


def _history(axes: "Axes", search: SearchRecord, colours: Sequence[Any]) -> None:
    """Draw every trial in order, and the best so far."""
    _scatter(axes, search.trials, colours, lambda one: one.number)
    done = [one for one in search.trials if one.state == "done"]
    best = list(accumulate((one.rmse or 0.0 for one in done), min))
    numbers = [one.number for one in done]
    axes.step(numbers, best, where="post", color="0.35", linewidth=1.2, label="best so far")
    axes.set(xlabel="trial", ylabel=AXIS, title="history")
    _focus(axes, search)
    axes.legend(fontsize=9, frameon=True)


def _front(axes: "Axes", search: SearchRecord, colours: Sequence[Any]) -> None:
    """Draw error against parameters: trials, their front, the default, finalists over seeds."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    done = [one for one in search.completed if one.n_parameters]
    points = [(float(one.n_parameters or 0), one.rmse or 0.0) for one in done]
    sizes, errors = zip(*points, strict=True)
    axes.scatter(sizes, errors, color=colours[0], s=28, alpha=0.7, label="one seed")
    on_front = trials_on_front(done)
    axes.step(
        [one.n_parameters or 0 for one in on_front],
        [one.rmse or 0.0 for one in on_front],
        where="post",
        color="0.35",
        linewidth=1.2,
        label="front",
    )
    finalists = [row for row in search.finalists if row["rmse"] is not None]
    for row in finalists:
        axes.errorbar(
            row["n_parameters"],
            row["rmse"],
            yerr=row["rmse_std"],
            fmt="D" if row["is_default"] else "s",
            color=colours[3] if row["is_default"] else colours[2],
            markeredgecolor="white",
            markersize=9,
            capsize=4,
            zorder=3,
        )
        axes.annotate(
            str(row["trial"]),
            (row["n_parameters"], row["rmse"]),
            xytext=(7, 5),
            textcoords="offset points",
            fontsize=9,
        )
    if finalists:
        n_seeds = max(row["n_seeds"] for row in finalists)
        axes.plot([], [], "s", color=colours[2], label=f"finalist, {n_seeds} seeds, ± std")
    for one in done:
        if one.is_default:
            label = "default configuration"
            axes.plot(one.n_parameters or 0, one.rmse or 0, "D", color=colours[3], label=label)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="trainable parameters", title="front of error and size")
    _focus(axes, search)
    axes.legend(fontsize=9, frameon=True)


def _importance(axes: "Axes", search: SearchRecord, colour: Any) -> None:
    """Draw each setting's share of the variance of RMSE among trials trained to the end."""
    axes.set(title="importance (fANOVA)", xlabel="share of the variance of RMSE")
    if not search.importance:
        axes.text(0.5, 0.5, "too few trials to tell", ha="center", transform=axes.transAxes)
        return
    names = list(search.importance)
    axes.barh(range(len(names)), list(search.importance.values()), color=colour)
    axes.set_yticks(range(len(names)), [_short(name) for name in names], fontsize=10)
    axes.invert_yaxis()


def _slices(search: SearchRecord, path: Path) -> Path:
    """Draw RMSE against every setting, one small panel each."""
    names = list(search.identity["space"])
    n_rows = ceil(len(names) / N_COLUMNS)
    with drawing(path) as (plt, sns):
        figure, grid = plt.subplots(
            n_rows, N_COLUMNS, figsize=(14, 2.9 * n_rows), layout="constrained", squeeze=False
        )
        colours = sns.color_palette("colorblind", 4)
        for axes, name in zip(grid.flat, names, strict=False):
            _slice(axes, search, name, colours)
        for axes in list(grid.flat)[len(names) :]:
            axes.set_axis_off()
        grid.flat[0].legend(fontsize=9, frameon=True)
        figure.supylabel(AXIS, fontsize=11)
        figure.suptitle(_title(search), fontsize=11)
    return path


def _slice(axes: "Axes", search: SearchRecord, name: str, colours: Sequence[Any]) -> None:
    """Draw one setting; words and lists stand side by side, numbers on a scale."""
    trials = [one for one in search.trials if name in one.values]
    values = [_plain(one.values[name]) for one in trials]
    are_numbers = all(isinstance(one, int | float) for one in values)
    places = {one: index for index, one in enumerate(sorted(set(values), key=str))}

    def place(one: TrialRow) -> float:
        value = _plain(one.values[name])
        return float(value) if are_numbers else places[value]

    _scatter(axes, trials, colours, place)
    if not are_numbers:
        axes.set_xticks(list(places.values()), [str(one) for one in places], fontsize=8)
    elif values and 0 < min(values) * LOG_SPAN < max(values):
        axes.set_xscale("log")
    if are_numbers and len(places) <= N_TICKS:
        ticks = sorted(float(one) for one in places)
        axes.set_xticks(ticks, [f"{one:g}" for one in ticks])
        axes.minorticks_off()
    axes.set_xlabel(_short(name), fontsize=10)
    _focus(axes, search)


def _scatter(axes: "Axes", trials: Sequence[TrialRow], colours: Sequence[Any], place: Any) -> None:
    """Draw trials by state: shape and colour both tell."""
    for (state, (marker, label)), colour in zip(STATES.items(), colours, strict=False):
        shown = [one for one in trials if one.state == state and one.rmse is not None]
        if shown:
            xs, ys = [place(one) for one in shown], [one.rmse or 0.0 for one in shown]
            axes.scatter(xs, ys, marker=marker, color=colour, s=26, alpha=0.7, label=label)


def _focus(axes: "Axes", search: SearchRecord) -> None:
    """Show the better nine tenths of the trials at full height; the rest lies above."""
    errors = sorted(one.rmse for one in search.trials if one.rmse is not None)
    low, high = errors[0], errors[int(0.9 * (len(errors) - 1))]
    margin = 0.08 * (high - low) or 0.01
    axes.set_ylim(low - 2 * margin, high + margin)


def _plain(value: Any) -> Any:
    """Return a value that can be a key; lists as text."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


def _short(name: str) -> str:
    """Return a setting without its owner."""
    return name.rpartition(".")[2].replace("_", " ")
