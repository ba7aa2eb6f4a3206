"""A search at a glance: its history, the front of error and size, and what mattered."""

from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.analysis.pareto import trials_on_front
from benchmark.record.searches import SearchRecord
from benchmark.report.figures.style import drawing
from benchmark.report.figures.trials import AXIS, STATES, draw_trials, focus, search_title
from benchmark.report.palette import look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DEFAULT = "0.1"  # colour of the default configuration


def overview_figure(search: SearchRecord, path: Path) -> Path:
    """Draw history and front and, where there were trials enough to tell, importance."""
    widths = (1, 1.15, 0.9) if search.importance else (1, 1.15)
    with drawing(path) as (plt, _):
        figure, panels = plt.subplots(
            1, len(widths), figsize=(5.25 * sum(widths), 5.6), layout="constrained",
            width_ratios=widths,
        )  # fmt: skip
        _history(panels[0], search)
        _front(panels[1], search)
        if search.importance:
            _importance(panels[2], search)
        figure.suptitle(search_title(search), fontsize=11)
    return path


def _history(axes: "Axes", search: SearchRecord) -> None:
    draw_trials(axes, search, search.trials, lambda trial: trial.number)
    done = [trial for trial in search.trials if trial.state == "done"]
    best = list(accumulate((trial.rmse or 0.0 for trial in done), min))
    numbers = [trial.number for trial in done]
    axes.step(numbers, best, where="post", color="0.35", linewidth=1.2, label="best so far")
    axes.set(xlabel="trial", ylabel=AXIS, title="history")
    focus(axes, search)
    handles, labels = axes.get_legend_handles_labels()
    labels = [label.replace(": ", ":\n").replace(", so", ",\nso") for label in labels]
    axes.legend(handles, labels, fontsize=9, frameon=True)


def _front(axes: "Axes", search: SearchRecord) -> None:
    """Draw error against parameters: trials, their front, the default, finalists over seeds."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    look = look_of(search.identity["model"])
    done = [trial for trial in search.completed if trial.n_parameters]
    sizes = [float(trial.n_parameters or 0) for trial in done]
    errors = [trial.rmse or 0.0 for trial in done]
    axes.scatter(
        sizes, errors, color=look.colour, marker=look.mark.marker, s=28, alpha=0.75,
        label=f"{STATES['done']}, one seed",
    )  # fmt: skip
    on_front = trials_on_front(done)
    axes.step(
        [trial.n_parameters or 0 for trial in on_front],
        [trial.rmse or 0.0 for trial in on_front],
        where="post",
        color="0.35",
        linewidth=1.2,
        label="front",
    )
    _finalists(axes, search)
    for trial in done:
        if trial.is_default:
            label = "default configuration"
            axes.plot(
                trial.n_parameters or 0,
                trial.rmse or 0,
                "*",
                color=DEFAULT,
                label=label,
                markersize=12,
            )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="trainable parameters", title="front of error and size")
    focus(axes, search)
    axes.legend(fontsize=9, frameon=True)


def _finalists(axes: "Axes", search: SearchRecord) -> None:
    """Draw the finalists' means over seeds, each with its trial's number."""
    finalists = [row for row in search.finalists if row["rmse"] is not None]
    colour = look_of(search.identity["model"]).colour
    for index, row in enumerate(finalists):
        ink = DEFAULT if row["is_default"] else colour
        axes.errorbar(
            row["n_parameters"], row["rmse"], yerr=row["rmse_std"], fmt="s", color=ink,
            markeredgecolor="white", markersize=9, capsize=4, zorder=3,
        )  # fmt: skip
        axes.annotate(
            str(row["trial"]), (row["n_parameters"], row["rmse"]), fontsize=9,
            xytext=(7, 5) if index % 2 else (7, -11), textcoords="offset points",
        )  # fmt: skip
    if finalists:
        n_seeds = max(row["n_seeds"] for row in finalists)
        axes.plot(
            [], [], "s", color=colour, label=f"finalist with its trial, {n_seeds} seeds, ± SD"
        )


def _importance(axes: "Axes", search: SearchRecord) -> None:
    axes.set(title="importance (fANOVA)", xlabel="share of the variance of RMSE")
    names = [name.rpartition(".")[2].replace("_", " ") for name in search.importance]
    axes.barh(range(len(names)), list(search.importance.values()), color="0.45")
    axes.set_yticks(range(len(names)), names, fontsize=10)
    axes.invert_yaxis()
