"""What every model promises, and what the harness lends it in return.

A **network** is an `nn.Module` that maps features (B, T, F) to emotions (B, T, 2) in the order
valence, arousal. It is built as `Network(n_features=F, config=Network.Config(...))`; without a
`Config` it is built as `Network(n_features=F)`. All windows of a batch have the same length, so
a network never sees padding. A network may offer `penalty()`, added to the training loss.

An **estimator** is anything more than a network, and inherits `Estimator`. `fit` is given
development songs with their annotations, `predict` songs without any (`UnannotatedSong`: id,
features, times). All arrays are read-only: a model that changes values changes a copy.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import nn

from datasets.contract import AnySong, Song, UnannotatedSong

Predictions = list[NDArray[np.float32]]  # one (T, 2) array per song
State = dict[str, NDArray[Any]]  # everything a fitted model predicts with, by name


class FittedNetwork(Protocol):
    """A trained network together with the scaling and windows it was trained with."""

    @property
    def network(self) -> nn.Module:
        """The trained network."""

    def predict(self, songs: Sequence[AnySong]) -> Predictions:
        """Predict every frame of every song exactly once."""

    def state(self) -> State:
        """Return weights, scaling and window length as arrays."""


class Restorer(Protocol):
    """What the harness lends an estimator whose weights are loaded."""

    def network(self, build: Callable[[], nn.Module], state: State) -> FittedNetwork:
        """Return the trained network that `FittedNetwork.state` described."""


def with_prefix(prefix: str, state: Mapping[str, NDArray[Any]]) -> State:
    """Name arrays as parts of something larger."""
    return {f"{prefix}.{name}": array for name, array in state.items()}


def part_of(state: Mapping[str, NDArray[Any]], prefix: str) -> State:
    """Return the arrays below a prefix, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: value for name, value in state.items() if name.startswith(start)}


class Trainer(Protocol):
    """What the harness lends an estimator: trained networks and reproducible seeds."""

    def fit(
        self,
        build: Callable[[], nn.Module],
        training: Sequence[Song],
        validation: Sequence[Song],
        *,
        sequence_length: int,
        name: str,
        target: Literal["annotations", "features"] = "annotations",
    ) -> FittedNetwork:
        """Train one network; stop on the validation songs. `name` decides its seed.

        With `target="features"` the network learns to return its own (scaled) input.
        """

    def seed(self, name: str) -> int:
        """Return the seed of the random choice called `name`."""


class Estimator:
    """A model that is fitted on songs as a whole, built as `Estimator(n_features=, config=)`.

    `fit` and `predict` must be written; every other method has a default for models without the
    thing it is about.
    """

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Learn from development songs; nothing else is ever shown to `fit`."""
        raise NotImplementedError(f"{type(self).__name__} has no fit(songs, trainer)")

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Predict every frame of every song exactly once."""
        raise NotImplementedError(f"{type(self).__name__} has no predict(songs)")

    def train_networks(self, songs: Sequence[Song], trainer: Trainer) -> Any:
        """Train the networks alone, whose cost is estimated; for a `fit` that does more."""
        self.fit(songs, trainer)

    def components(self, songs: Sequence[UnannotatedSong]) -> dict[str, Predictions]:
        """Return the predictions of each component, by name; they are scored beside the model."""
        return {}

    def state(self) -> State:
        """Return everything `predict` needs, by name; asked for only if `restore` is written."""
        return {}

    def restore(self, state: State, restorer: Restorer) -> None:
        """Become the fitted model that `state` described, instead of `fit`."""
        raise NotImplementedError(f"{type(self).__name__} has no restore(state, restorer)")

    def networks(self) -> list[nn.Module]:
        """Return the networks the fitted model predicts with."""
        return []

    def other_parameters(self) -> dict[str, int]:
        """Count what was learned outside the networks, by component."""
        return {}

    def other_flops(self) -> int:
        """Count the multiply-adds per frame spent outside the networks."""
        return 0


def with_defaults(kind: Any) -> Any:
    """Return a class of estimators; one that does not inherit `Estimator` gets its defaults."""
    if not isinstance(kind, type) or issubclass(kind, Estimator):
        return kind
    return type(kind.__name__, (kind, Estimator), {"__module__": kind.__module__})


def is_restorable(estimator: Estimator) -> bool:
    """Tell whether a fitted model can be kept as arrays and brought back."""
    return type(estimator).restore is not Estimator.restore
