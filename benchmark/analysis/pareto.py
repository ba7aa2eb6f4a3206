"""Error against parameter count: who is on the front."""

from collections.abc import Iterable, Sequence

from benchmark.record.searches import TrialRow


def trials_on_front(trials: Iterable[TrialRow]) -> list[TrialRow]:
    """Return the trials that no other beats on parameters and RMSE, smallest first.

    A trial without a value or of unknown size takes no part.
    """
    known = [
        (trial, (float(trial.n_parameters), trial.rmse))
        for trial in trials
        if trial.n_parameters and trial.rmse is not None
    ]
    return [known[index][0] for index in front([point for _, point in known])]


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of points that no other point beats on both axes (smaller is better).

    A point is beaten by one that is no worse on either axis and better on one. The indices come
    in the order of the first axis.
    """
    kept: list[int] = []
    for index in sorted(range(len(points)), key=lambda i: points[i]):
        last = points[kept[-1]] if kept else (float("inf"), float("inf"))
        if points[index][1] < last[1] or points[index] == last:
            kept.append(index)
    return kept
