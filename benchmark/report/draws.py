"""The errors of a row, and what they would have been had other songs been drawn.

Draw   songs with replacement, each with all its frames, so that frames of a song stay together;
       every row that judged the same songs sees the same draws
Unit   where records name families, a song here is a family with all its songs (`units.py`)
Axes   D draws, S songs or families, R repetitions, K columns
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark.record.record import RunRecord
from benchmark.report.units import families_of, weighted_units
from datasets.contract import TARGETS

Array = NDArray[np.float64]
N_DRAWS = 999  # so that the 25th from either end cuts off 2.5 %
TINY = np.finfo(float).tiny
SONGS, REPETITIONS = 0, 3  # are drawn independently, also where there are equally many


@dataclass(frozen=True)
class Part:
    """One mean over songs: in a draw, a song pulls by scale x frames x (value - mean)."""

    frames_S: Array  # how much each song weighs
    value_S: Array  # about its mean over all songs
    mean_D: Array  # of the values in every draw
    scale_D: Array

    @cached_property
    def column(self) -> Array:
        """Return frames x value."""
        return self.frames_S * self.value_S

    @cached_property
    def sums(self) -> Array:
        """Return what every draw sums up to: column squared, column x frames."""
        return drawn_sums(np.array([self.column**2, self.column * self.frames_S]))


@dataclass(frozen=True)
class Sample:
    """One error, or a difference of two: its value, and how songs and repetitions move it.

    Linear: the average of two targets and the difference of two rows are sums of samples.
    """

    value: float
    by_repetition: tuple[Array, ...]  # the error of every repetition; one array a set of trainings
    pulls_RS: tuple[Array, ...]  # what each song adds to them, to first order; its mean is zero
    drawn_D: Array  # the value in every draw of songs
    parts: tuple[tuple[float, Part], ...]  # each with its factor

    @property
    def pull(self) -> Array:
        """Return what each song adds to the value, to first order: (S,)."""
        pull_S: Array = np.sum([one.mean(axis=0) for one in self.pulls_RS], axis=0)
        return pull_S

    @property
    def can_vary(self) -> bool:
        """Tell whether there is more than one song or repetition to learn a variance from."""
        return len(self.pull) > 1 or any(len(values) > 1 for values in self.by_repetition)

    def times(self, factor: float) -> "Sample":
        """Return the sample in other units."""
        return Sample(
            factor * self.value,
            tuple(factor * values for values in self.by_repetition),
            tuple(factor * pulls for pulls in self.pulls_RS),
            factor * self.drawn_D,
            tuple((factor * own, part) for own, part in self.parts),
        )

    def plus(self, other: "Sample", *, is_paired: bool) -> "Sample":
        """Return the sum; paired repetitions share whatever their seed decides."""
        return Sample(
            self.value + other.value,
            _joined(self.by_repetition, other.by_repetition, is_paired=is_paired),
            _joined(self.pulls_RS, other.pulls_RS, is_paired=is_paired),
            self.drawn_D + other.drawn_D,
            self.parts + other.parts,
        )

    def drawn_squares(self) -> Array:
        """Return the sum of the squared pulls of all songs in every draw, (D,)."""
        scales = [factor * part.scale_D for factor, part in self.parts]
        parts = [part for _, part in self.parts]
        shift_D = sum(
            (scale_D * part.mean_D for scale_D, part in zip(scales, parts, strict=True)),
            np.zeros(N_DRAWS),
        )
        squares_D: Array = shift_D**2 * _squared_frames(tuple(parts[0].frames_S))
        for scale_D, part in zip(scales, parts, strict=True):
            squares_D += scale_D**2 * part.sums[0] - 2 * shift_D * scale_D * part.sums[1]
        pairs = list(combinations(range(len(parts)), 2))
        if pairs:
            crossed_KS = np.array([parts[i].column * parts[j].column for i, j in pairs])
            for (i, j), sum_D in zip(pairs, drawn_sums(crossed_KS), strict=True):
                squares_D += 2 * scales[i] * scales[j] * sum_D
        return np.maximum(squares_D, 0.0)


@cache
def _squared_frames(frames: tuple[float, ...]) -> Array:
    """Return the sum of squared frames in every draw, which is the same for all rows of a table."""
    sums_D: Array = drawn_sums(np.square(frames)[None])[0]
    return sums_D


def _joined(
    ours: tuple[Array, ...], theirs: tuple[Array, ...], *, is_paired: bool
) -> tuple[Array, ...]:
    """Add repetition by repetition where they are paired, else keep both sets."""
    if not is_paired:
        return ours + theirs
    return tuple(one + other for one, other in zip(ours, theirs, strict=True))


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


def drawn_averages(cells: Sequence[RunRecord], suffix: str) -> Array:
    """Return the average RMSE of draws of songs crossed with draws of repetitions, (D,).

    `suffix` is "" for the pooled convention, "_per_song" for the other.
    """
    repetitions_RD = weights(len(cells), REPETITIONS) / len(cells)
    drawn_D = np.zeros(N_DRAWS)
    for target in TARGETS:
        weight_S, value_RS = weighted_errors(cells, target, suffix)
        means_RD = drawn_sums(weight_S * value_RS) / drawn_sums(weight_S[None])
        drawn_RD = means_RD if suffix else np.sqrt(means_RD)
        drawn_D += (drawn_RD * repetitions_RD).sum(axis=0) / len(TARGETS)
    return drawn_D


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


@cache
def weights(n: int, kind: int = SONGS) -> Array:
    """Return how often each of n things is drawn, with replacement, in every draw: (n, D)."""
    rng = np.random.default_rng([kind, n])
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=N_DRAWS)
    return np.ascontiguousarray(drawn.T, dtype=float)


def drawn_sums(values_KS: Array) -> Array:
    """Sum values over the songs of every draw, without BLAS, whose threads change last digits."""
    sums: Array = np.einsum("ks,sd->kd", values_KS, weights(values_KS.shape[1]))
    return sums


def _mean(weight_S: Array, value_RS: Array) -> Sample:
    """Return the weighted mean of values as a sample.

    The pull of a song is weight x (value - mean) / mean weight, averaged over repetitions.
    """
    by_song_S = value_RS.mean(axis=0)
    value = float((weight_S * by_song_S).sum() / weight_S.sum())
    apart_S = by_song_S - value
    weight_D = drawn_sums(weight_S[None])[0]
    moved_D = drawn_sums((weight_S * apart_S)[None])[0] / weight_D
    part = Part(weight_S, apart_S, moved_D, len(weight_S) / weight_D)
    means_R = (weight_S * value_RS).sum(axis=1) / weight_S.sum()
    pulls_RS = weight_S * (value_RS - means_R[:, None]) / weight_S.mean()
    return Sample(value, (means_R,), (pulls_RS,), value + moved_D, ((1.0, part),))


def _pooled(frames_S: Array, squares_RS: Array) -> Sample:
    """Return the root of the mean square over all frames as a sample.

    The pull of a song is the derivative of the root, frames x (square - mean) / (2 root x mean
    frames), averaged over repetitions. In a draw, all roots are taken to move by one factor.
    """
    roots_R = np.sqrt((squares_RS * frames_S).sum(axis=1) / frames_S.sum())
    value = float(roots_R.mean())
    halved_RS = (squares_RS - roots_R[:, None] ** 2) / np.maximum(2 * roots_R, TINY)[:, None]
    halved_S = halved_RS.mean(axis=0)
    sums_KD = drawn_sums(frames_S * np.vstack([np.ones_like(frames_S), halved_S, squares_RS]))
    frames_D = sums_KD[0]
    drawn_D = np.sqrt(sums_KD[2:] / frames_D).mean(axis=0)
    factor_D = np.divide(value, drawn_D, out=np.ones(N_DRAWS), where=drawn_D > 0)
    part = Part(frames_S, halved_S, sums_KD[1] / frames_D, factor_D * len(frames_S) / frames_D)
    pulls_RS = frames_S * halved_RS / frames_S.mean()
    return Sample(value, (roots_R,), (pulls_RS,), drawn_D, ((1.0, part),))
