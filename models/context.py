"""Ridge regression with a memory: each frame and exponential running means of the past.

Mean        of all frames so far, frame s <= t weighing d^(t - s), d = exp(-0.5 / tau) for frames of
            0.5 s and time constants tau in seconds: the plain mean at first, and causal, so a frame
            never sees what comes after it. Memory begins with the first frame of a song: where a
            dataset leaves out the start (DEAM, `vgmidi.skip_seconds`), training knows none of it
Fit         from second moments alone: the Gram matrix of [1, columns, targets] is summed once per
            fold, every training set is a difference of sums, one eigendecomposition serves all
            penalties, and the error on the fold left out is a quadratic form in its own Gram matrix
Penalty     one for both targets, chosen on development songs left out, whole families at a time
Source      Hoerl and Kennard 1970, Technometrics 12 (ridge regression)
Axes        T frames, F features, K time constants, P = F (1 + K) columns, A penalties
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.contract import FRAME_SECONDS, TARGETS, Song, UnannotatedSong
from datasets.scaling import Scaler
from datasets.splits import up_to_folds
from models.contract import Estimator, Predictions, Restorer, State, Trainer

Positive = Annotated[float, Field(gt=0)]
Array = NDArray[np.float64]
N_TARGETS = len(TARGETS)
CONSTANT = 1e-10  # a column whose variance is below this says nothing


@dataclass(frozen=True)
class ContextConfig:
    """Time constants of the running means in seconds, and the ridge penalties to choose from.

    Penalties are compared on `inner_folds` folds, fewer where there are fewer families.
    """

    time_constants: Annotated[tuple[Positive, ...], Field(min_length=1)] = (5.0, 20.0)
    alphas: Annotated[tuple[Positive, ...], Field(min_length=1)] = tuple(
        10.0**exponent for exponent in range(8)
    )
    inner_folds: Annotated[int, Field(ge=2)] = 5


class Context(Estimator):
    """One linear map per target from a frame and its running means."""

    Config = ContextConfig

    def __init__(self, *, n_features: int, config: ContextConfig) -> None:
        """Take width and configuration; the map is found by `fit`."""
        self.config = config
        self.time_constants = np.array(config.time_constants)
        self.weights_P2 = np.zeros((n_features * (1 + len(config.time_constants)), N_TARGETS))
        self.intercept_2 = np.zeros(N_TARGETS)

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Choose the penalty on songs left out, then fit on all development songs."""
        columns = [with_context(song.features, self.time_constants) for song in songs]
        scaler = Scaler.fit_arrays(columns)  # for the numerics: a ridge scales its own training set
        place = {song.song_id: index for index, song in enumerate(songs)}
        grams = [
            np.sum([_gram(scaler, columns[place[song.song_id]], song) for song in fold], axis=0)
            for fold in up_to_folds(songs, self.config.inner_folds, trainer.seed("folds"))
        ]
        total = np.sum(grams, axis=0)
        errors_A = np.sum(
            [_errors(_ridges(total - gram, self.config.alphas), gram) for gram in grams], axis=0
        )
        (best,) = _ridges(total, [self.config.alphas[int(errors_A.argmin())]])
        self.weights_P2 = best[1:] / scaler.deviation[:, None]
        self.intercept_2 = best[0] - scaler.mean @ self.weights_P2

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Predict every frame from itself and what came before it."""
        return [
            (
                with_context(song.features, self.time_constants) @ self.weights_P2
                + self.intercept_2
            ).astype(np.float32)
            for song in songs
        ]

    def state(self) -> State:
        """Return the map and its time constants."""
        return {
            "weights": self.weights_P2,
            "intercept": self.intercept_2,
            "time_constants": self.time_constants,
        }

    def restore(self, state: State, restorer: Restorer) -> None:
        """Take a map that was kept."""
        self.weights_P2, self.intercept_2 = state["weights"], state["intercept"]
        self.time_constants = state["time_constants"]

    def other_parameters(self) -> dict[str, int]:
        """One weight per column and target, one intercept per target."""
        return {"ridge": self.weights_P2.size + self.intercept_2.size}

    def other_flops(self) -> int:
        """One multiply-add per weight and per running mean."""
        n_means = len(self.weights_P2) * len(self.time_constants) // (1 + len(self.time_constants))
        return int(self.weights_P2.size + n_means)


def with_context(features_TF: NDArray[np.float32], time_constants: Array) -> Array:
    """Return each frame beside its running means, (T, F (1 + K))."""
    decay_K1 = np.exp(-FRAME_SECONDS / time_constants)[:, None]
    frames_TF = features_TF.astype(np.float64)
    means_TKF = np.empty((len(frames_TF), len(time_constants), frames_TF.shape[1]))
    weight_K1, mean_KF = np.zeros_like(decay_K1), np.zeros_like(means_TKF[0])
    for t, frame_F in enumerate(frames_TF):
        weight_K1 = decay_K1 * weight_K1 + 1
        mean_KF += (frame_F - mean_KF) / weight_K1
        means_TKF[t] = mean_KF
    return np.concatenate([frames_TF, means_TKF.reshape(len(frames_TF), -1)], axis=1)


def _gram(scaler: Scaler, columns_TP: Array, song: Song) -> Array:
    """Return the song's Gram matrix of [1, scaled columns, targets], (1 + P + 2) squared."""
    scaled = (columns_TP - scaler.mean) / scaler.deviation
    table = np.column_stack([np.ones(len(scaled)), scaled, song.annotations.astype(np.float64)])
    return np.asarray(table.T @ table)


def _ridges(gram: Array, alphas: Sequence[float]) -> list[Array]:
    """Return one map (1 + P, 2), intercept first, per penalty, for the songs behind a Gram matrix.

    Every column is standardised by its training mean and deviation before it is penalised.
    """
    n_frames, means = gram[0, 0], gram[0, 1:] / gram[0, 0]
    covariance = gram[1:, 1:] / n_frames - np.outer(means, means)
    columns = slice(0, -N_TARGETS)
    variance = np.diag(covariance)[columns]
    deviation_P = np.sqrt(np.where(variance > CONSTANT, variance, 1.0))
    correlation = covariance[columns, columns] / np.outer(deviation_P, deviation_P)
    with_targets_P2 = covariance[columns, -N_TARGETS:] / deviation_P[:, None]
    values_P, vectors = np.linalg.eigh(correlation)
    projected_P2 = vectors.T @ with_targets_P2
    maps = []
    for alpha in alphas:
        shrunk_P1 = 1 / (np.maximum(values_P, 0) + alpha / n_frames)[:, None]
        weights_P2 = vectors @ (shrunk_P1 * projected_P2) / deviation_P[:, None]
        intercept_2 = means[-N_TARGETS:] - means[columns] @ weights_P2
        maps.append(np.vstack([intercept_2, weights_P2]))
    return maps


def _errors(maps: Sequence[Array], gram: Array) -> Array:
    """Return the squared error of every map, both targets together, (A,), from a Gram matrix."""
    residuals = [np.vstack([weights, -np.eye(N_TARGETS)]) for weights in maps]
    return np.array([float(np.sum(gram @ residual * residual)) for residual in residuals])
