"""The floor: what any model must beat to have learned something."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.contract import Song, UnannotatedSong
from datasets.scaling import Scaler
from datasets.splits import up_to_folds
from models.contract import Estimator, Predictions, Restorer, State, Trainer

if TYPE_CHECKING:  # scikit-learn loads slowly
    from sklearn.linear_model import Ridge


def stack(songs: Sequence[Song]) -> tuple[np.ndarray, np.ndarray]:
    """Return the features (N, F) and annotations (N, 2) of all frames of the songs."""
    return (
        np.concatenate([song.features for song in songs]),
        np.concatenate([song.annotations for song in songs]),
    )


class Constant(Estimator):
    """The development mean of each target, whatever the music."""

    def __init__(self, *, n_features: int, config: None = None) -> None:
        """Features are not looked at."""
        self.mean = np.zeros(2, dtype=np.float32)

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Average all development frames."""
        self.mean = stack(songs)[1].mean(axis=0, dtype=np.float64).astype(np.float32)

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Repeat the mean."""
        return [np.tile(self.mean, (song.n_frames, 1)) for song in songs]

    def state(self) -> State:
        """Return the mean."""
        return {"mean": self.mean}

    def restore(self, state: State, restorer: Restorer) -> None:
        """Take a mean that was kept."""
        self.mean = state["mean"]

    def other_parameters(self) -> dict[str, int]:
        """One number per target."""
        return {"mean": self.mean.size}


@dataclass(frozen=True)
class LinearConfig:
    """The strengths of the ridge penalty to choose from, and on how many folds at most."""

    alphas: tuple[Annotated[float, Field(gt=0)], ...] = (1.0, 1e1, 1e2, 1e3, 1e4, 1e5)
    inner_folds: Annotated[int, Field(ge=2)] = 5


class Linear(Estimator):
    """Ridge regression on single frames; its penalty is chosen by cross-validation over songs."""

    Config = LinearConfig

    def __init__(self, *, n_features: int, config: LinearConfig) -> None:
        """Take the candidates; the model is fitted by `fit`."""
        self.config = config
        self.n_features = n_features

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Choose the penalty on held-out development songs, then fit on all of them."""
        folds = up_to_folds(songs, self.config.inner_folds, trainer.seed("folds"))
        errors = np.zeros(len(self.config.alphas))
        for fold in folds:
            held_out = {song.song_id for song in fold}
            training = [song for song in songs if song.song_id not in held_out]
            ridges = self._fit_all(training, self.config.alphas)
            features, annotations = stack(fold)
            scaled = self.scaler.apply(features)
            errors += [np.square(ridge.predict(scaled) - annotations).sum() for ridge in ridges]
        (ridge,) = self._fit_all(songs, [self.config.alphas[int(errors.argmin())]])
        self.weights_F2, self.intercept = ridge.coef_.T, ridge.intercept_

    def _fit_all(self, songs: Sequence[Song], alphas: Sequence[float]) -> "list[Ridge]":
        """Fit the scaling and one ridge per penalty on the given songs."""
        from sklearn.linear_model import Ridge

        features, annotations = stack(songs)
        self.scaler = Scaler.fit(songs)
        scaled = self.scaler.apply(features)
        return [Ridge(alpha=alpha).fit(scaled, annotations) for alpha in alphas]

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Predict every frame on its own."""
        return [
            (self.scaler.apply(song.features) @ self.weights_F2 + self.intercept).astype(np.float32)
            for song in songs
        ]

    def state(self) -> State:
        """Return weights, intercept and scaling."""
        return {
            "weights": self.weights_F2,
            "intercept": self.intercept,
            "mean": self.scaler.mean,
            "deviation": self.scaler.deviation,
        }

    def restore(self, state: State, restorer: Restorer) -> None:
        """Take weights that were kept."""
        self.weights_F2, self.intercept = state["weights"], state["intercept"]
        self.scaler = Scaler(mean=state["mean"], deviation=state["deviation"])

    def other_parameters(self) -> dict[str, int]:
        """One weight per feature and target, one intercept per target."""
        return {"ridge": self.weights_F2.size + self.intercept.size}

    def other_flops(self) -> int:
        """One multiply-add per weight."""
        return int(self.weights_F2.size)
