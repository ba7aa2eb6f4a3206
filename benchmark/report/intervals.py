"""95 % intervals of an error: other songs and other initialisations.

Estimand   the error expected of the model, over the population of songs that the judging songs
           are drawn from and over all initialisations: E[RMSE of a song] per song; pooled, the
           expected root of E[frames x MSE] / E[frames]. With one repetition, only of that one.
Songs      bootstrap-t (Efron and Tibshirani 1993, chapter 12): whole songs are drawn, and every
           draw is measured in standard errors of its own, which takes care of skewed errors
Crossed    every repetition judges the same songs, so the two variances add up (Owen 2007, Annals
           of Applied Statistics 1). Five repetitions are too few to be drawn from: their mean is
           Student's t, and the ends are widened to Satterthwaite's degrees of freedom for both
           (Satterthwaite 1946, Biometrics Bulletin 2)
Families   where records name them, a song here is a family with all its songs (`units.py`). With
           nine families Student's t, be it with effective degrees of freedom or a jackknife's
           variance, held the truth of a pooled error no more often than the bootstrap-t
Coverage   measured by simulation: `python -m tests.interval_coverage`, see results/README.md
Axes       D draws, S songs, R repetitions
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from benchmark.record.record import RunRecord
from benchmark.report.draws import N_DRAWS, TINY, Array, Sample, place_of, samples, songs_of

HIGH = 0.975
ENDS = (round((1 - HIGH) * (N_DRAWS + 1)) - 1, round(HIGH * (N_DRAWS + 1)) - 1)  # places in order
# fewer songs, or families, cannot be drawn from: a draw may be one of them over and over
FEW_SONGS = 8
Interval = tuple[float, float]


def bootstrap_intervals(found: Mapping[str, Sample]) -> dict[str, Interval]:
    """Return "rmse_valence" -> (low, high) for every error of a row, as `samples` returns them.

    One song that was heard once tells of no others: no interval.
    """
    ends = {name: interval(sample) for name, sample in found.items() if sample.can_vary}
    return {name: (max(low, 0.0), high) for name, (low, high) in ends.items()}


def bootstrap_differences(
    cells: Sequence[RunRecord], base: Sequence[RunRecord]
) -> dict[str, Interval]:
    """Return the interval of every error of `cells` less that of `base`."""
    return {name: interval(sample) for name, sample in differences(cells, base).items()}


def differences(cells: Sequence[RunRecord], base: Sequence[RunRecord]) -> dict[str, Sample]:
    """Return every error of `cells` less that of `base`, on the same songs.

    Equal repetitions are paired, as they hold out the same songs; others are independent.
    """
    if songs_of(cells[0]) != songs_of(base[0]):
        raise ValueError("a paired difference needs the same songs on both sides")
    return subtracted(samples(cells), samples(base), is_paired=share_repetitions(cells, base))


def subtracted(
    ours: Mapping[str, Sample], theirs: Mapping[str, Sample], *, is_paired: bool
) -> dict[str, Sample]:
    """Return every error of ours less that of theirs."""
    return {
        name: sample.plus(theirs[name].times(-1), is_paired=is_paired)
        for name, sample in ours.items()
    }


def share_repetitions(cells: Sequence[RunRecord], base: Sequence[RunRecord]) -> bool:
    """Tell whether both rows have the same repetitions of the same base seeds."""
    return [place_of(one) for one in cells] == [place_of(one) for one in base]


def interval(sample: Sample) -> Interval:
    """Return the ends of the 95 % interval."""
    pull_S = sample.pull
    n_songs = len(pull_S)
    songs = float(pull_S.var(ddof=1)) / n_songs if n_songs > 1 else 0.0
    parts = [(songs, n_songs - 1)]  # variance of a mean, degrees of freedom
    parts += [
        (_repetitions(values_R, pulls_RS), len(values_R) - 1)
        for values_R, pulls_RS in zip(sample.by_repetition, sample.pulls_RS, strict=True)
        if len(values_R) > 1
    ]
    total = sum(variance for variance, _ in parts)
    freedom = total**2 / max(sum(v**2 / n for v, n in parts if n), TINY)
    if total == 0 or freedom == 0:
        return sample.value, sample.value
    if n_songs < FEW_SONGS:
        reach = _high(freedom) * np.sqrt(total)
        return sample.value - reach, sample.value + reach
    widening = _high(freedom) / _high(n_songs - 1)
    repetitions_D = np.sqrt(total - songs) * _student(n_songs - 1)
    errors_D = repetitions_D - np.sqrt(songs) * _studentised(sample)
    ordered_D = np.partition(errors_D, ENDS)
    low, high = (sample.value + widening * ordered_D[end] for end in ENDS)
    return float(low), float(high)


def _repetitions(values_R: Array, pulls_RS: Array) -> float:
    """Return the variance that repetitions add to the value, beyond what they do to single songs.

    What a repetition does to one song and not to others is in the variance over songs already.
    """
    n_repetitions, n_songs = pulls_RS.shape
    apart_RS = pulls_RS - pulls_RS.mean(axis=0)
    freedom = max((n_repetitions - 1) * (n_songs - 1), 1)
    on_single_songs = float(np.square(apart_RS).sum()) / freedom / n_songs
    beyond = max(float(values_R.var(ddof=1)) - on_single_songs, 0.0)
    return float(beyond / n_repetitions)


def _studentised(sample: Sample) -> Array:
    """Return how far every draw of songs lies from the value, in standard errors of that draw."""
    n_songs = len(sample.pull)
    errors_D = np.sqrt(sample.drawn_squares() / (n_songs * (n_songs - 1)))
    moved_D = sample.drawn_D - sample.value
    return np.divide(moved_D, errors_D, out=np.zeros(N_DRAWS), where=errors_D > 0)


@cache
def _student(freedom: int) -> Array:
    """Return draws of Student's t, evenly spread and in a fixed random order."""
    order = np.random.default_rng(1).permutation(N_DRAWS)
    drawn: Array = _quantile(freedom, (order + 1) / (N_DRAWS + 1))
    return drawn


@cache
def _high(freedom: float) -> float:
    """Return the upper end of the 95 % of Student's t."""
    return float(_quantile(freedom, HIGH))


def _quantile(freedom: float, share: Any) -> Any:
    """Return quantiles of Student's t; scipy loads slowly, and a run begins without it."""
    from scipy.special import stdtrit

    return stdtrit(freedom, share)
