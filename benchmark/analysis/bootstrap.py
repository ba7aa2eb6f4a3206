"""The errors of a row, and what they would have been had other songs been drawn.

Resample  songs with replacement, each with all its frames, so that frames of a song stay together
Influence of a song on an error: what more of the song would add to it, to first order
Unit      where records name families, a song here is a family with all its songs (`units.py`)
Axes      D resamples, B of a block, S songs or families, R repetitions, K columns
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from benchmark.analysis.resamples import REPETITIONS, Array, blocks, stream_of, sums
from benchmark.analysis.units import families_of, weighted_units
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
        of_song_S: Array = np.sum([one.mean(axis=0) for one in self.influences_RS], axis=0)
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
    return tuple(one + other for one, other in zip(ours, theirs, strict=True))


def _merged(parts: Iterable[tuple[float, Part]]) -> tuple[tuple[float, Part], ...]:
    """Make one part of all means: roots move each by a factor of its own, means do not."""
    both = list(parts)
    roots = [(factor, part) for factor, part in both if part.root is not None]
    means = [(factor, part) for factor, part in both if part.root is None]
    if not means:
        return tuple(roots)
    deviation_S: Array = np.sum([factor * part.deviation_S for factor, part in means], axis=0)
    return (*roots, (1.0, Part(means[0][1].weight_S, deviation_S)))


class _Columns:
    """The columns that resamples sum up; equal ones are summed once."""

    def __init__(self) -> None:
        self.values: list[Array] = []
        self._places: dict[bytes, int] = {}

    def place(self, column_S: Array) -> int:
        """Return where a column stands."""
        place = self._places.setdefault(column_S.tobytes(), len(self.values))
        if place == len(self.values):
            self.values.append(column_S)
        return place


class _Moves:
    """What a block of resamples does to parts: each is asked for once."""

    def __init__(self, columns: _Columns, sums_KB: Array) -> None:
        self.columns, self.sums_KB = columns, sums_KB
        self._known: dict[int, tuple[Array, Array, Array | float]] = {}

    def total(self, column_S: Array) -> Array:
        """Return the sum of a column: (B,)."""
        total_B: Array = self.sums_KB[self.columns.place(column_S)]
        return total_B

    def of(self, part: Part) -> tuple[Array, Array, Array | float]:
        """Return the mean deviation, the change, and what a deviation adds to it: (B,) each.

        A root moves by the factor that its mean square moves it by, all repetitions alike.
        """
        if id(part) not in self._known:
            mean_B = self.total(part.column) / self.total(part.weight_S)
            self._known[id(part)] = mean_B, mean_B, 1.0
            if part.root:
                ratio_B = np.sqrt(np.maximum(1 + 2 / part.root * mean_B, TINY))
                self._known[id(part)] = mean_B, part.root * (ratio_B - 1), 1 / ratio_B
        return self._known[id(part)]


def _columns_of(sample: Sample, columns: _Columns) -> None:
    """Have the columns summed that a sample needs."""
    parts = [part for _, part in sample.parts]
    weight_S = parts[0].weight_S
    for column in (
        *(weight_S, weight_S**2),
        *(part.column * factor for part in parts for factor in (1, part.column, weight_S)),
        *(one.column * other.column for one, other in combinations(parts, 2)),
    ):
        columns.place(column)


def _studentised(sample: Sample, moves: _Moves) -> Array:
    """Return how far a value moves in resamples, in standard errors of each: (B,).

    With weight w, column c and mean m in a resample, a song's influence is c - m w: the squares of
    all sum up to those of c, less 2 m times c w, and m squared times w w.
    """
    weight_S = sample.parts[0][1].weight_S
    moved_B = shift_B = squares_B = weighted_B = np.zeros_like(moves.total(weight_S))
    scaled: list[tuple[Any, Array]] = []
    for factor, part in sample.parts:
        mean_B, change_B, scale_B = moves.of(part)
        scale_B = factor * scale_B
        moved_B = moved_B + factor * change_B
        shift_B = shift_B + scale_B * mean_B
        weighted_B = weighted_B + scale_B * moves.total(part.column * weight_S)
        squares_B = squares_B + scale_B**2 * moves.total(part.column**2)
        scaled.append((scale_B, part.column))
    for (one_B, one_S), (other_B, other_S) in combinations(scaled, 2):
        squares_B = squares_B + 2 * one_B * other_B * moves.total(one_S * other_S)
    squares_B = squares_B + shift_B * (shift_B * moves.total(weight_S**2) - 2 * weighted_B)
    n = len(weight_S)
    error_B = np.sqrt(np.maximum(squares_B, 0.0) * (n / (n - 1))) / moves.total(weight_S)
    apart_B: Array = np.divide(moved_B, error_B, out=np.zeros_like(error_B), where=error_B > 0)
    return apart_B


def studentised(found: Mapping[str, Sample], stream: str, n_resamples: int) -> dict[str, Array]:
    """Return name -> how far every resample lies from the value, in standard errors of its own.

    All of `found` are over the same songs, and all see the same resamples: those of the stream.
    """
    columns, moved = _Columns(), {name: np.empty(n_resamples) for name in found}
    if not found:
        return moved
    for sample in found.values():
        _columns_of(sample, columns)
    values_KS = np.array(columns.values)
    values_KS = values_KS[:, stream_of(stream).permutation(values_KS.shape[1])]
    for place, counts_SB in blocks(values_KS.shape[1], n_resamples):
        moves = _Moves(columns, sums(values_KS, counts_SB))
        for name, sample in found.items():
            moved[name][place] = _studentised(sample, moves)
    return moved


def samples(cells: Sequence[RunRecord]) -> dict[str, Sample]:
    """Return "rmse_valence" -> its sample, for every error under both conventions.

    The cells are the finished repetitions of one row; all must have judged the same songs.
    """
    if any(songs_of(cell) != songs_of(cells[0]) for cell in cells):
        raise ValueError("an interval needs repetitions that judged the same songs")
    found: dict[str, Sample] = {}
    for target in TARGETS:
        found[f"rmse_{target}"] = _pooled(*weighted_errors(cells, target, ""))
        found[f"rmse_{target}_per_song"] = _mean(*weighted_errors(cells, target, "_per_song"))
    for suffix in ("", "_per_song"):
        valence, arousal = (found[f"rmse_{target}{suffix}"] for target in TARGETS)
        found[f"rmse_average{suffix}"] = valence.plus(arousal, is_paired=True).times(0.5)
    return found


def resampled_averages(cells: Sequence[RunRecord], suffix: str, n_resamples: int) -> Array:
    """Return the average RMSE of resamples of songs crossed with resamples of repetitions, (D,).

    `suffix` is "" for the pooled convention, "_per_song" for the other. Every row sees the same
    songs and, with equally many repetitions, the same repetitions, so that rows can be ranked.
    """
    both = [weighted_errors(cells, target, suffix) for target in TARGETS]
    found_D = np.empty(n_resamples)
    of_repetitions = blocks(len(cells), n_resamples, REPETITIONS)
    for (place, songs_SB), (_, repetitions_RB) in zip(
        blocks(len(both[0][0]), n_resamples), of_repetitions, strict=True
    ):
        errors_B = np.zeros(songs_SB.shape[1])
        for weight_S, value_RS in both:
            weight_B, *sums_RB = sums(np.vstack([weight_S, weight_S * value_RS]), songs_SB)
            means_RB = np.array(sums_RB) / weight_B
            errors_RB = means_RB if suffix else np.sqrt(means_RB)
            errors_B += (errors_RB * repetitions_RB).sum(axis=0)
        found_D[place] = errors_B / (len(TARGETS) * len(cells))
    return found_D


def weighted_errors(cells: Sequence[RunRecord], target: str, suffix: str) -> tuple[Array, Array]:
    """Return weights (S,) and values (R, S): frames and squared errors, or songs and errors.

    Their weighted mean is the per-song convention's error, the root of it the pooled one's.
    """
    rmse_RS = errors_by_song(cells, target)
    if suffix:
        return weighted_units(cells[0], np.ones(rmse_RS.shape[1]), rmse_RS)
    frames_S = np.array(cells[0].per_song["n_frames"], dtype=float)
    return weighted_units(cells[0], frames_S, rmse_RS**2)


def errors_by_song(cells: Sequence[RunRecord], target: str) -> Array:
    """Return the RMSE of every repetition and song, (R, S)."""
    return np.array([cell.per_song[f"rmse_{target}"] for cell in cells], dtype=float)


def songs_of(cell: RunRecord) -> list[tuple[str, int, str]]:
    """Return the songs that judged a cell, their frames and families, in order."""
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
