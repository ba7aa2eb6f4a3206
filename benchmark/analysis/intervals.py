"""95 % intervals of an error: other songs and other initialisations.

Estimand   the error expected of the model, over the population of songs that the scored songs
           are drawn from and over all initialisations: E[RMSE of a song] per song; pooled, the
           expected root of E[frames x MSE] / E[frames]. With one repetition, only of that one.
Songs      bootstrap-t (Efron and Tibshirani 1993, chapter 12): whole songs are resampled, and every
           resample is measured in standard errors of its own, which takes care of skewed errors
Crossed    every repetition is scored on the same songs, so the two variances add up (Owen 2007,
           Annals of Applied Statistics 1). Five repetitions are too few to resample: their mean is
           Student's t, and the ends are widened to Satterthwaite's degrees of freedom for both
           (Satterthwaite 1946, Biometrics Bulletin 2)
Families   where records name them, a song here is a family with all its songs (`units.py`). With
           nine families Student's t, be it with effective degrees of freedom or a jackknife's
           variance, held the truth of a pooled error no more often than the bootstrap-t
Coverage   measured by simulation: `python -m tools.interval_coverage`, see results/README.md
Stream     every interval has random numbers of its own, from the digests of its rows
Axes       D resamples, S songs, R repetitions
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

from benchmark.analysis.bootstrap import studentised
from benchmark.analysis.resamples import MANY, Array, stream_of
from benchmark.analysis.samples import TINY, Sample, place_of
from benchmark.evaluate.registry import METRICS, metric_of
from benchmark.record.record import RunRecord

HIGH = 0.975
FEW_SONGS = 8  # fewer songs, or families, are not resampled: it may be one of them over and over
Interval = tuple[float, float]


def bootstrap_intervals(
    found: Mapping[str, Sample], stream: str = "", n_resamples: int = MANY
) -> dict[str, Interval]:
    """Return "rmse_valence" -> (low, high) for every score of a row, as `samples` returns them.

    With one song and one repetition there is no interval.
    """
    varying = {name: sample for name, sample in found.items() if sample.can_vary}
    ends = intervals(varying, stream, n_resamples)
    return {
        name: (max(low, 0.0) if METRICS[metric_of(name)].better == "lower" else low, high)
        for name, (low, high) in ends.items()
    }


def subtracted(
    ours: Mapping[str, Sample], theirs: Mapping[str, Sample], *, is_paired: bool
) -> dict[str, Sample]:
    """Return every error of ours less that of theirs, on the same songs.

    Equal repetitions are paired, as they hold out the same songs; others are independent.
    """
    return {
        name: sample.plus(theirs[name].times(-1), is_paired=is_paired)
        for name, sample in ours.items()
    }


def share_repetitions(cells: Sequence[RunRecord], base: Sequence[RunRecord]) -> bool:
    """Tell whether both rows have the same repetitions of the same base seeds."""
    return [place_of(cell) for cell in cells] == [place_of(cell) for cell in base]


def intervals(
    found: Mapping[str, Sample], stream: str = "", n_resamples: int = MANY
) -> dict[str, Interval]:
    """Return name -> the ends of the 95 % interval; all samples are over the same songs.

    `stream` names the random numbers: intervals of other names have other ones.
    """
    spreads = {name: Spread(sample) for name, sample in found.items()}
    wanted = {name: spread.sample for name, spread in spreads.items() if spread.is_resampled}
    moved = studentised(wanted, stream, n_resamples)
    offset = int(stream_of(stream).integers(n_resamples))
    return {
        name: spread.from_resamples(moved[name], offset)
        if spread.is_resampled
        else spread.by_student
        for name, spread in spreads.items()
    }


class Spread:
    """The variance of one error, of which songs and of which repetitions are the reason."""

    def __init__(self, sample: Sample) -> None:
        """Add up what songs and repetitions do."""
        self.sample = sample
        influence_S = sample.influence
        self.n_songs = len(influence_S)
        has_songs = self.n_songs > 1
        self.songs = float(influence_S.var(ddof=1)) / self.n_songs if has_songs else 0.0
        terms = [(self.songs, self.n_songs - 1)]  # variance of a mean, degrees of freedom
        terms += [
            (_repetitions(values_R, influences_RS), len(values_R) - 1)
            for values_R, influences_RS in zip(
                sample.by_repetition, sample.influences_RS, strict=True
            )
            if len(values_R) > 1
        ]
        self.total = sum(variance for variance, _ in terms)
        self.freedom = self.total**2 / max(sum(v**2 / n for v, n in terms if n), TINY)

    @property
    def is_resampled(self) -> bool:
        """Tell whether there are songs enough to resample, and any difference between them."""
        return self.n_songs >= FEW_SONGS and self.total > 0 and self.freedom > 0

    @property
    def by_student(self) -> Interval:
        """Return Student's t over few songs, or the value where nothing varies."""
        value = self.sample.value
        if self.total == 0 or self.freedom == 0:
            return value, value
        reach = _high(self.freedom) * np.sqrt(self.total)
        return float(value - reach), float(value + reach)

    def from_resamples(self, moved_D: Array, offset: int) -> Interval:
        """Return the ends: songs by resampling, repetitions by Student's t."""
        n_resamples = len(moved_D)
        widening = _high(self.freedom) / _high(self.n_songs - 1)
        repetitions_D = np.roll(_student(self.n_songs - 1, n_resamples), offset)
        errors_D = np.sqrt(self.total - self.songs) * repetitions_D - np.sqrt(self.songs) * moved_D
        ordered_D = np.sort(errors_D)
        places = (round(share * (n_resamples + 1)) - 1 for share in (1 - HIGH, HIGH))
        low, high = (self.sample.value + widening * ordered_D[place] for place in places)
        return float(low), float(high)


def _repetitions(values_R: Array, influences_RS: Array) -> float:
    """Return the variance that repetitions add to the value, beyond what they do to single songs.

    What a repetition does to one song and not to others is in the variance over songs already.
    """
    n_repetitions, n_songs = influences_RS.shape
    apart_RS = influences_RS - influences_RS.mean(axis=0)
    freedom = max((n_repetitions - 1) * (n_songs - 1), 1)
    on_single_songs = float(np.square(apart_RS).sum()) / freedom / n_songs
    beyond = max(float(values_R.var(ddof=1)) - on_single_songs, 0.0)
    return float(beyond / n_repetitions)


@lru_cache(maxsize=8)
def _student(freedom: int, n_resamples: int) -> Array:
    """Return values of Student's t, evenly spread and in a random order."""
    order = np.random.default_rng(1).permutation(n_resamples)
    values_D: Array = _quantile(freedom, (order + 1) / (n_resamples + 1))
    return values_D


@cache
def _high(freedom: float) -> float:
    return float(_quantile(freedom, HIGH))


def _quantile(freedom: float, share: Any) -> Any:
    """Return quantiles of Student's t; scipy loads slowly, and a run begins without it."""
    from scipy.special import stdtrit

    return stdtrit(freedom, share)
