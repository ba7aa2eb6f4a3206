"""What a score would have been with other songs: resamples, each in standard errors of its own.

Resample  songs with replacement, each with all its frames, so that frames of a song stay together
Axes      D resamples, B of a block, S songs or families, R repetitions, K columns
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from benchmark.analysis.resamples import REPETITIONS, Array, blocks, stream_of, sums
from benchmark.analysis.samples import TINY, Part, Sample, weighted_values
from benchmark.record.record import RunRecord
from datasets.contract import TARGETS


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
    parts = [part for _, part in sample.parts]
    weight_S = parts[0].weight_S
    for column in (
        *(weight_S, weight_S**2),
        *(part.column * factor for part in parts for factor in (1, part.column, weight_S)),
        *(part.column * other.column for part, other in combinations(parts, 2)),
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


def resampled_averages(cells: Sequence[RunRecord], suffix: str, n_resamples: int) -> Array:
    """Return the average RMSE of resamples of songs crossed with resamples of repetitions, (D,).

    `suffix` is "" for the pooled convention, "_per_song" for the other. Every row sees the same
    songs and, with equally many repetitions, the same repetitions, so that rows can be ranked.
    """
    both = [weighted_values(cells, target, suffix) for target in TARGETS]
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
