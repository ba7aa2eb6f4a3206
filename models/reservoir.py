"""Reservoir: random memories that are never trained, and ridge regression on what they hold.

State   a running mean, the plain mean at first, of a random combination of the scaled features,
        through tanh; causal. Its time constant is fixed, spread evenly over states on a log scale
Map     ridge regression on the scaled frame and all states (`models/ridge.py`)
Source  Jaeger 2001, GMD Report 148 (echo state network); Gallicchio et al. 2018,
        https://arxiv.org/abs/1812.11527 (against gated networks). Other than theirs no state sees
        another: memory is diagonal, its poles are exp(-0.5 / tau)
Size    2 (F + N) + 2 learned: 3,002 for F = 260. F N random weights, set by the seed, are not
        counted
Cost    an eigendecomposition of P x P per fold: seconds at 1,240 states, minutes at 4,730
Axes    T frames, F features, N states, P = F + N columns
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.contract import FRAME_SECONDS, Song, UnannotatedSong
from datasets.scaling import Scaler
from datasets.splits import up_to_folds
from models.contract import Estimator, Predictions, Restorer, State, Trainer
from models.ridge import N_TARGETS, Array, best_penalties, gram_of, ridge, summed

Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class ReservoirConfig:
    """Size, memory and penalties; penalties are compared on `inner_folds` folds at most."""

    states: Annotated[int, Field(ge=1)] = 1240
    shortest_seconds: Positive = 1.0  # range of the time constants
    longest_seconds: Positive = 60.0
    gain: Positive = 1.0  # of the random combinations: tanh bends more where it is large
    alphas: Annotated[tuple[Positive, ...], Field(min_length=1)] = tuple(
        10.0**exponent for exponent in range(8)
    )
    penalty_per_target: bool = False
    inner_folds: Annotated[int, Field(ge=2)] = 5


class Reservoir(Estimator):
    """One linear map per target from a frame and random memories."""

    Config = ReservoirConfig

    def __init__(self, *, n_features: int, config: ReservoirConfig) -> None:
        """Take width and configuration; memories are drawn and the map is found by `fit`."""
        self.config, self.n_features = config, n_features
        ends = config.shortest_seconds, config.longest_seconds
        self.decay_N: Array = np.exp(-FRAME_SECONDS / np.geomspace(*ends, config.states))
        self.weights_P2 = np.zeros((n_features + config.states, N_TARGETS))

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Draw the memories, choose the penalty on songs left out, fit on all songs."""
        rng = np.random.default_rng(trainer.seed("memories"))
        spread = self.config.gain / np.sqrt(self.n_features)
        self.random_FN = rng.normal(0, spread, (self.n_features, len(self.decay_N)))
        self.scaler = Scaler.fit(songs)
        grams = [
            summed(gram_of(self._columns(song), song.annotations) for song in fold)
            for fold in up_to_folds(songs, self.config.inner_folds, trainer.seed("folds"))
        ]
        penalties_2 = best_penalties(
            grams, self.config.alphas, per_target=self.config.penalty_per_target
        )
        weights = ridge(summed(grams), penalties_2)
        self.intercept_2, self.weights_P2 = weights[0], weights[1:]

    def _columns(self, song: Song | UnannotatedSong) -> Array:
        """Return the scaled frames beside the states, (T, P)."""
        scaled_TF = self.scaler.apply(song.features).astype(np.float64)
        means_TN = scaled_TF @ self.random_FN
        weight_N = np.ones_like(self.decay_N)
        for t in range(1, len(means_TN)):
            weight_N = self.decay_N * weight_N + 1
            means_TN[t] = means_TN[t - 1] + (means_TN[t] - means_TN[t - 1]) / weight_N
        return np.concatenate([scaled_TF, np.tanh(means_TN)], axis=1)

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Predict every frame from itself and what came before it."""
        return [
            (self._columns(song) @ self.weights_P2 + self.intercept_2).astype(np.float32)
            for song in songs
        ]

    def state(self) -> State:
        """Return the map, the random combinations and the scaling."""
        return {
            "weights": self.weights_P2,
            "intercept": self.intercept_2,
            "random": self.random_FN,
            "mean": self.scaler.mean,
            "deviation": self.scaler.deviation,
        }

    def restore(self, state: State, restorer: Restorer) -> None:
        """Take a map and memories that were kept."""
        self.weights_P2, self.intercept_2 = state["weights"], state["intercept"]
        self.random_FN = state["random"]
        self.scaler = Scaler(mean=state["mean"], deviation=state["deviation"])

    def train_networks(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """There are none."""

    def other_parameters(self) -> dict[str, int]:
        """One weight per column and target, one intercept per target."""
        return {"ridge": self.weights_P2.size + self.intercept_2.size}

    def other_flops(self) -> int:
        """One multiply-add per weight, random ones included, and per state."""
        return int(self.weights_P2.size + self.random_FN.size + len(self.decay_N))
