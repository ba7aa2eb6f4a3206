"""Trials of a search as points: how they are drawn, which are in sight, and what is said."""

from collections.abc import Callable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from benchmark.record.searches import SearchRecord, TrialRow
from benchmark.report.palette import look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXIS = "RMSE on held-out\ndevelopment songs"
STATES = {
    "done": "trained to the end",
    "pruned": "pruned: error where it was stopped, so not to be compared",
    "failed": "failed",
}
IN_SIGHT = 0.9  # of the trials, the better ones; the rest lies above
TITLE_WIDTH = 150  # characters
MOST_NAMED = 3  # trials above the panels


def search_title(search: SearchRecord) -> str:
    """Return what was searched, on what, and which trials no panel shows."""
    identity, trials = search.identity, search.trials
    counts = ", ".join(
        f"{sum(trial.state == state for trial in trials)} {words.partition(':')[0]}"
        for state, words in STATES.items()
        if any(trial.state == state for trial in trials)
    )
    what = (
        f"search {search.name}: {len(trials)} trials ({counts}), {identity['folds']} folds of the"
        f" development songs of {identity['dataset']}, {identity['features']}"
    )
    return "\n".join(fill(line, TITLE_WIDTH) for line in (what, hidden(search)) if line)


def hidden(search: SearchRecord) -> str:
    """Return in words which trials lie above the panels or have no error; "" for none."""
    _, high = limits(search)
    above = [trial for trial in search.trials if trial.rmse is not None and trial.rmse > high]
    done = sorted(
        (trial for trial in above if trial.state == "done"), key=lambda trial: trial.rmse or 0
    )
    others = len(above) - len(done)
    lost = sum(trial.rmse is None for trial in search.trials)
    named = ", ".join(f"trial {trial.number}: {trial.rmse:.3f}" for trial in done[:MOST_NAMED])
    more = ", ..." if len(done) > MOST_NAMED else ""
    parts = [
        f"{len(done)} trained to the end ({named}{more})" if done else "",
        f"{others} others" if others and done else f"{others} pruned or failed" if others else "",
    ]
    sentences = [
        f"above the panels: {' and '.join(filter(None, parts))}" if above else "",
        f"without any error, so not drawn: {lost}" if lost else "",
    ]
    return "; ".join(filter(None, sentences))


def limits(search: SearchRecord) -> tuple[float, float]:
    """Return the range of errors that panels show: the better nine tenths at full height."""
    errors = sorted(trial.rmse for trial in search.trials if trial.rmse is not None)
    low, high = errors[0], errors[int(IN_SIGHT * (len(errors) - 1))]
    high = max([high, *(row["rmse"] for row in search.finalists if row["rmse"] is not None)])
    margin = 0.08 * (high - low) or 0.01
    return low - 2 * margin, high + margin


def focus(axes: "Axes", search: SearchRecord) -> None:
    """Show the range of errors that all panels share."""
    axes.set_ylim(*limits(search))


def draw_trials(
    axes: "Axes",
    search: SearchRecord,
    trials: Sequence[TrialRow],
    place: Callable[[TrialRow], float],
) -> None:
    """Draw trials by state: those trained to the end in the colour and mark of their model."""
    look = look_of(search.identity["model"])
    drawn = {
        "done": (look.mark.marker, look.colour),
        "pruned": ("x", "0.55"),
        "failed": ("1", "0.2"),
    }
    for state, (marker, colour) in drawn.items():
        shown = [trial for trial in trials if trial.state == state and trial.rmse is not None]
        if shown:
            xs, ys = [place(trial) for trial in shown], [trial.rmse or 0.0 for trial in shown]
            zorder = 3 if state == "done" else 2
            axes.scatter(
                xs, ys, marker=marker, color=colour, s=26, alpha=0.75, label=STATES[state],
                zorder=zorder,
            )  # fmt: skip
