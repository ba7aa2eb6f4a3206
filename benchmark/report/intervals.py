"""Intervals of a mean over repetitions and songs: a bootstrap over both.

Resample  songs as whole clusters of frames and repetitions, independently of each other (crossed:
          every repetition predicts the same songs); 95 % percentile interval
Axes      D draws, S songs, R repetitions
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.record.record import RunRecord
from datasets.contract import TARGETS

N_DRAWS = 2000
PERCENTILES = (2.5, 97.5)


def bootstrap_intervals(cells: Sequence[RunRecord]) -> dict[str, tuple[float, float]]:
    """Return "rmse_valence" -> (low, high) for every error under both conventions.

    The cells are the finished repetitions of one row; all must have judged the same songs.
    """
    return {name: _percentiles(draws) for name, draws in _draws(cells).items()}


def bootstrap_differences(
    cells: Sequence[RunRecord], base: Sequence[RunRecord]
) -> dict[str, tuple[float, float]]:
    """Return the interval of every error of `cells` less that of `base`.

    Paired: both sides judge the same songs with the same repetitions, and every draw takes the
    same of them on both sides.
    """
    if [one.repetition for one in cells] != [one.repetition for one in base]:
        raise ValueError("a paired difference needs the same repetitions on both sides")
    if cells[0].per_song["song_id"] != base[0].per_song["song_id"]:
        raise ValueError("a paired difference needs the same songs on both sides")
    theirs = _draws(base)
    return {name: _percentiles(draws - theirs[name]) for name, draws in _draws(cells).items()}


def _draws(cells: Sequence[RunRecord]) -> dict[str, NDArray[np.float64]]:
    """Return every error of every draw; equal songs and repetitions are drawn equally."""
    songs = cells[0].per_song["song_id"]
    if any(cell.per_song["song_id"] != songs for cell in cells):
        raise ValueError("an interval needs repetitions that judged the same songs")
    rng = np.random.default_rng(0)
    songs_DS = _weights(rng, len(songs))
    repetitions_DR = _weights(rng, len(cells))
    n_frames_S = np.array(cells[0].per_song["n_frames"], dtype=float)
    draws: dict[str, NDArray[np.float64]] = {}
    for target in TARGETS:
        rmse_SR = np.array([cell.per_song[f"rmse_{target}"] for cell in cells], dtype=float).T
        frames_DS = songs_DS * n_frames_S
        squares_DR = _product(frames_DS, rmse_SR**2)
        pooled_DR = np.sqrt(squares_DR / frames_DS.sum(axis=1, keepdims=True))
        per_song_DR = _product(songs_DS, rmse_SR) / len(songs)
        draws[f"rmse_{target}"] = _mean(pooled_DR, repetitions_DR)
        draws[f"rmse_{target}_per_song"] = _mean(per_song_DR, repetitions_DR)
    for suffix in ("", "_per_song"):
        draws[f"rmse_average{suffix}"] = np.mean(
            [draws[f"rmse_{target}{suffix}"] for target in TARGETS], axis=0
        )
    return draws


def _percentiles(draws: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the interval."""
    low, high = np.percentile(draws, PERCENTILES)
    return float(low), float(high)


def _product(a_DS: NDArray[np.float64], b_SR: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiply without BLAS, whose threads change the last digits from run to run."""
    product: NDArray[np.float64] = np.einsum("ds,sr->dr", a_DS, b_SR)
    return product


def _weights(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Return how often each of n things is drawn, with replacement, in every draw: (D, n)."""
    return rng.multinomial(n, np.full(n, 1 / n), size=N_DRAWS).astype(float)


def _mean(values_DR: NDArray[np.float64], weights_DR: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted mean over repetitions of every draw."""
    mean: NDArray[np.float64] = (values_DR * weights_DR).sum(axis=1) / weights_DR.sum(axis=1)
    return mean
