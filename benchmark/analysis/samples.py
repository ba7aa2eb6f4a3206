"""The scores of a row as samples: their values, and how songs and repetitions move them.

Influence of a song on a score: what more of the song would add to it, to first order (Davison and
          Hinkley 1997, Bootstrap Methods and their Application, chapter 2)
Unit      where records name families, a song here is a family with all its songs (`units.py`)
Axes      S songs or families, R repetitions
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmark.analysis.resamples import Array
from benchmark.analysis.units import families_of, weighted_units
from benchmark.evaluate.registry import MEASURES, METRICS, RANKED_BY
from benchmark.record.record import RunRecord
from datasets.contract import TARGETS

TINY = np.finfo(float).tiny


@dataclass(frozen=True, eq=False)
class Part:
    """One weighted mean over songs, or the root of one."""

    weight_S: Array  # of each song
    deviation_S: Array  # of its value from the mean, as it moves the mean or the root
    root: float | None = None  # the error that deviations halve, where it is a root

    @cached_property
    def column(self) -> Array:
        """Return weight x deviation."""
        return self.weight_S * self.deviation_S


@dataclass(frozen=True)
class Sample:
    """One error, or a difference of two: its value, and how songs and repetitions move it.

    Linear: the average of two targets and the difference of two rows are sums of samples.
    """

    value: float
    by_repetition: tuple[Array, ...]  # the error of every repetition; one array a set of trainings
    influences_RS: tuple[Array, ...]  # of each song on them; their mean is zero
    parts: tuple[tuple[float, Part], ...]  # each with its factor; all of the same weights

    @property
    def influence(self) -> Array:
        """Return what each song adds to the value, to first order: (S,)."""
        of_song_S: Array = np.sum([set_RS.mean(axis=0) for set_RS in self.influences_RS], axis=0)
        return of_song_S

    @property
    def can_vary(self) -> bool:
        """Tell whether there is more than one song or repetition to learn a variance from."""
        n_songs = self.influences_RS[0].shape[1]
        return n_songs > 1 or any(len(values) > 1 for values in self.by_repetition)

    def times(self, factor: float) -> "Sample":
        """Return the sample in other units."""
        return Sample(
            factor * self.value,
            tuple(factor * values for values in self.by_repetition),
            tuple(factor * values for values in self.influences_RS),
            tuple((factor * own, part) for own, part in self.parts),
        )

    def plus(self, other: "Sample", *, is_paired: bool) -> "Sample":
        """Return the sum; paired repetitions share whatever their seed decides."""
        return Sample(
            self.value + other.value,
            _joined(self.by_repetition, other.by_repetition, is_paired=is_paired),
            _joined(self.influences_RS, other.influences_RS, is_paired=is_paired),
            _merged((*self.parts, *other.parts)),
        )


def _joined(
    ours: tuple[Array, ...], theirs: tuple[Array, ...], *, is_paired: bool
) -> tuple[Array, ...]:
    """Add repetition by repetition where they are paired, else keep both sets."""
    if not is_paired:
        return ours + theirs
    return tuple(own + other for own, other in zip(ours, theirs, strict=True))


def _merged(parts: Iterable[tuple[float, Part]]) -> tuple[tuple[float, Part], ...]:
    """Make one part of all means: roots move each by a factor of its own, means do not."""
    both = list(parts)
    roots = [(factor, part) for factor, part in both if part.root is not None]
    means = [(factor, part) for factor, part in both if part.root is None]
    if not means:
        return tuple(roots)
    deviation_S: Array = np.sum([factor * part.deviation_S for factor, part in means], axis=0)
    return (*roots, (1.0, Part(means[0][1].weight_S, deviation_S)))


def samples(cells: Sequence[RunRecord]) -> dict[str, Sample]:
    """Return "rmse_valence" -> its sample, for every score that has an interval.

    The cells are the finished repetitions of one row; all must be scored on the same songs.
    """
    if any(songs_of(cell) != songs_of(cells[0]) for cell in cells):
        raise ValueError("an interval needs repetitions scored on the same songs")
    found: dict[str, Sample] = {}
    for metric, entry in METRICS.items():
        if not entry.has_interval or not _is_scored(cells, metric):
            continue
        for suffix in entry.suffixes:
            if suffix or entry.frames:
                both = [_sample(cells, metric, target, suffix) for target in TARGETS]
                average = both[0].plus(both[1], is_paired=True).times(0.5)
                for measure, sample in zip(MEASURES, (*both, average), strict=True):
                    found[f"{metric}_{measure}{suffix}"] = sample
    return found


def _is_scored(cells: Sequence[RunRecord], metric: str) -> bool:
    """Tell whether all cells have values for both targets, of the same songs."""
    for target in TARGETS:
        known = {
            tuple(value is not None for value in cell.per_song.get(f"{metric}_{target}", ()))
            for cell in cells
        }
        if len(known) > 1 or not any(map(any, known)):
            return False
    return True


def _sample(cells: Sequence[RunRecord], metric: str, target: str, suffix: str) -> Sample:
    weighted = weighted_values(cells, target, suffix, metric)
    is_root = not suffix and METRICS[metric].frames == "root mean square"
    return _pooled(*weighted) if is_root else _mean(*weighted)


def weighted_values(
    cells: Sequence[RunRecord], target: str, suffix: str, metric: str = RANKED_BY
) -> tuple[Array, Array]:
    """Return weights (S,) and values (R, S): songs and their scores, or frames and what they sum.

    Their weighted mean is the score of the per-song convention; pooled it is the score, or its
    square where that is a root. A song without a value weighs nothing.
    """
    value_RS = values_by_song(cells, f"{metric}_{target}")
    is_known_S = ~np.isnan(value_RS).any(axis=0)
    value_RS = np.where(is_known_S, value_RS, 0.0)
    if suffix:
        return weighted_units(cells[0], is_known_S.astype(float), value_RS)
    frames_S = np.array(cells[0].per_song["n_frames"], dtype=float) * is_known_S
    is_root = METRICS[metric].frames == "root mean square"
    return weighted_units(cells[0], frames_S, value_RS**2 if is_root else value_RS)


def errors_by_song(cells: Sequence[RunRecord], target: str) -> Array:
    """Return the error that models are ranked by, of every repetition and song: (R, S)."""
    return values_by_song(cells, f"{RANKED_BY}_{target}")


def values_by_song(cells: Sequence[RunRecord], name: str) -> Array:
    """Return a score of every repetition and song, (R, S); NaN where it is not defined."""
    return np.array([cell.per_song[name] for cell in cells], dtype=float)


def songs_of(cell: RunRecord) -> list[tuple[str, int, str]]:
    """Return the songs that a cell is scored on, their frames and families, in order."""
    ids, n_frames = cell.per_song["song_id"], cell.per_song["n_frames"]
    families = families_of(cell) or [""] * len(ids)
    return list(zip(ids, n_frames, families, strict=True))


def place_of(cell: RunRecord) -> tuple[int, int]:
    """Return what tells a cell from the others of its row, and their order."""
    return cell.base_seed, cell.repetition


def _mean(weight_S: Array, value_RS: Array) -> Sample:
    """Return the weighted mean of values as a sample.

    The influence of a song is weight x (value - mean) / mean weight, averaged over repetitions.
    """
    by_song_S = value_RS.mean(axis=0)
    value = float((weight_S * by_song_S).sum() / weight_S.sum())
    means_R = (weight_S * value_RS).sum(axis=1) / weight_S.sum()
    influences_RS = weight_S * (value_RS - means_R[:, None]) / weight_S.mean()
    return Sample(value, (means_R,), (influences_RS,), ((1.0, Part(weight_S, by_song_S - value)),))


def _pooled(frames_S: Array, squares_RS: Array) -> Sample:
    """Return the root of the mean square over all frames as a sample.

    The influence of a song is the derivative of the root, frames x (square - mean) / (2 root x mean
    frames), averaged over repetitions.
    """
    roots_R = np.sqrt((squares_RS * frames_S).sum(axis=1) / frames_S.sum())
    value = float(roots_R.mean())
    halved_RS = (squares_RS - roots_R[:, None] ** 2) / np.maximum(2 * roots_R, TINY)[:, None]
    influences_RS = frames_S * halved_RS / frames_S.mean()
    part = Part(frames_S, halved_RS.mean(axis=0), root=value)
    return Sample(value, (roots_R,), (influences_RS,), ((1.0, part),))
