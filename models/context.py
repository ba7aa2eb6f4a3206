"""Ridge regression with a memory: each frame and exponential running means of the past.

Mean        of all frames so far, frame s <= t weighing d^(t - s), d = exp(-0.5 / tau) for frames of
            0.5 s and time constants tau in seconds: the plain mean at first, and causal, so a frame
            never sees what comes after it. Memory begins with the first frame of a song: where a
            dataset leaves out the start (DEAM, `vgmidi.skip_seconds`), training knows none of it
So far      optional: plain mean and standard deviation of all frames from the first to this one
Smoother    optional: the running mean of what is predicted, its time constant chosen for either
            target as the penalty is; in both directions the mean of the one and the other
Penalty     chosen on development songs left out, whole families at a time (`models/ridge.py`)
Source      Hoerl and Kennard 1970, Technometrics 12 (ridge regression); Imbrasaite et al. 2013,
            IEEE ICME Workshops (features beside their song's statistics); Holt 1957, reprinted in
            International Journal of Forecasting 20 (exponential smoothing)
Size        2 F (1 + K + S) + 2, and 2 with a smoother: 1,562 for F = 260
Axes        T frames, F features, K time constants, S statistics so far, P = F (1 + K + S) columns
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.contract import FRAME_SECONDS, Song, UnannotatedSong
from datasets.scaling import Scaler
from datasets.splits import up_to_folds
from models.contract import Estimator, Predictions, Restorer, State, Trainer
from models.ridge import N_TARGETS, Array, best_penalties, gram_of, ridge, summed

Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class ContextConfig:
    """Time constants of the running means in seconds, and the ridge penalties to choose from.

    Penalties are compared on `inner_folds` folds, fewer where there are fewer families, and so are
    the time constants of `smoothing` in seconds; 0 is no smoothing.
    """

    time_constants: Annotated[tuple[Positive, ...], Field(min_length=1)] = (5.0, 20.0)
    alphas: Annotated[tuple[Positive, ...], Field(min_length=1)] = tuple(
        10.0**exponent for exponent in range(8)
    )
    inner_folds: Annotated[int, Field(ge=2)] = 5
    so_far: Literal["none", "mean", "deviation", "both"] = "none"
    penalty_per_target: bool = False
    smoothing: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (0.0,)
    smooths_both_ways: bool = False  # True: a frame sees what is predicted after it


class Context(Estimator):
    """One linear map per target from a frame and what came before it."""

    Config = ContextConfig

    def __init__(self, *, n_features: int, config: ContextConfig) -> None:
        """Take width and configuration; the map is found by `fit`."""
        self.config, self.n_features = config, n_features
        self.time_constants = np.array(config.time_constants)
        self.smoothing_2 = np.zeros(N_TARGETS)
        self.has_smoother = any(config.smoothing)

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Choose the penalty on songs left out, then fit on all development songs."""
        columns = {song.song_id: self._columns(song) for song in songs}
        scaler = Scaler.fit_arrays(list(columns.values()))  # for the numerics: a ridge scales its
        mean, deviation = scaler.mean, scaler.deviation  # own training set
        folds = up_to_folds(songs, self.config.inner_folds, trainer.seed("folds"))
        grams = [
            summed(
                gram_of((columns[song.song_id] - mean) / deviation, song.annotations)
                for song in fold
            )
            for fold in folds
        ]
        penalties_2 = best_penalties(
            grams, self.config.alphas, per_target=self.config.penalty_per_target
        )
        total = summed(grams)
        if self.has_smoother:
            errors = []
            for fold, gram in zip(folds, grams, strict=True):
                self._take(ridge(total - gram, penalties_2), scaler)
                errors.append(self._smoothing_errors(fold, columns))
            candidates = np.array(self.config.smoothing)
            self.smoothing_2 = candidates[np.sum(errors, axis=0).argmin(axis=0)]
        self._take(ridge(total, penalties_2), scaler)

    def _columns(self, song: Song | UnannotatedSong) -> Array:
        """Return what a song's frames are predicted from, (T, P)."""
        columns = with_context(song.features, self.time_constants)
        return np.concatenate([columns, *so_far(song.features, self.config.so_far)], axis=1)

    def _take(self, weights: Array, scaler: Scaler) -> None:
        """Become a map of scaled columns."""
        self.weights_P2 = weights[1:] / scaler.deviation[:, None]
        self.intercept_2 = weights[0] - scaler.mean @ self.weights_P2

    def _smoothing_errors(self, songs: Sequence[Song], columns: dict[str, Array]) -> Array:
        """Return the squared error of every time constant and target over songs left out."""
        errors = np.zeros((len(self.config.smoothing), N_TARGETS))
        for song in songs:
            raw_T2 = columns[song.song_id] @ self.weights_P2 + self.intercept_2
            for index, seconds in enumerate(self.config.smoothing):
                smooth_T2 = self._smooth(raw_T2, np.full(N_TARGETS, seconds))
                errors[index] += np.square(smooth_T2 - song.annotations).sum(axis=0)
        return errors

    def _smooth(self, raw_T2: Array, seconds_2: Array) -> Array:
        """Return the running mean of either target's predictions."""
        smooth_T2 = running_means(raw_T2, seconds_2[None])[:, 0]
        if not self.config.smooths_both_ways:
            return smooth_T2
        return (smooth_T2 + running_means(raw_T2[::-1], seconds_2[None])[::-1, 0]) / 2

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Predict every frame from itself and what came before it."""
        predicted = [self._columns(song) @ self.weights_P2 + self.intercept_2 for song in songs]
        if self.smoothing_2.any():
            predicted = [self._smooth(raw_T2, self.smoothing_2) for raw_T2 in predicted]
        return [values_T2.astype(np.float32) for values_T2 in predicted]

    def state(self) -> State:
        """Return the map and its time constants."""
        smoothing = {"smoothing": self.smoothing_2} if self.has_smoother else {}
        return smoothing | {
            "weights": self.weights_P2,
            "intercept": self.intercept_2,
            "time_constants": self.time_constants,
        }

    def restore(self, state: State, restorer: Restorer) -> None:
        """Take a map that was kept."""
        self.weights_P2, self.intercept_2 = state["weights"], state["intercept"]
        self.time_constants = state["time_constants"]
        self.smoothing_2 = state.get("smoothing", self.smoothing_2)

    def other_parameters(self) -> dict[str, int]:
        """One weight per column and target, one intercept, and one time constant of a smoother."""
        smoother = {"smoother": N_TARGETS} if self.has_smoother else {}
        return {"ridge": self.weights_P2.size + self.intercept_2.size} | smoother

    def other_flops(self) -> int:
        """One multiply-add per weight and per statistic of the past."""
        return int(self.weights_P2.size + len(self.weights_P2) - self.n_features)


def with_context(features_TF: NDArray[np.floating], time_constants: Array) -> Array:
    """Return each frame beside its running means, (T, F (1 + K))."""
    frames_TF = features_TF.astype(np.float64)
    means_TKF = running_means(frames_TF, time_constants[:, None])
    return np.concatenate([frames_TF, means_TKF.reshape(len(frames_TF), -1)], axis=1)


def running_means(frames_TF: Array, seconds: Array) -> Array:
    """Return the running means (T, K, F) for time constants (K, 1) or (K, F); 0 forgets at once."""
    with np.errstate(divide="ignore"):
        decay = np.exp(-FRAME_SECONDS / seconds)
    means_TKF = np.empty((len(frames_TF), len(seconds), frames_TF.shape[1]))
    weight, mean_KF = np.zeros_like(decay), np.zeros_like(means_TKF[0])
    for t, frame_F in enumerate(frames_TF):
        weight = decay * weight + 1
        mean_KF += (frame_F - mean_KF) / weight
        means_TKF[t] = mean_KF
    return means_TKF


def so_far(features_TF: NDArray[np.float32], which: str) -> list[Array]:
    """Return mean, standard deviation or `both` of all frames up to each, (T, F) each."""
    first_F = features_TF[:1].astype(np.float64)  # sums of squares about it keep their digits
    moved_TF, n_T1 = features_TF - first_F, np.arange(1, len(features_TF) + 1)[:, None]
    mean_TF = np.cumsum(moved_TF, axis=0) / n_T1
    variance_TF = np.cumsum(np.square(moved_TF), axis=0) / n_T1 - np.square(mean_TF)
    both = {"mean": first_F + mean_TF, "deviation": np.sqrt(np.maximum(variance_TF, 0))}
    return [values_TF for name, values_TF in both.items() if which in (name, "both")]
