"""The trainer the harness lends to models, and the estimator made of a single network."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import nn

from benchmark.errors import ConfigError
from benchmark.plan.cell import Cell
from benchmark.plan.classes import model_class
from benchmark.plan.config import TrainingConfig
from benchmark.plan.protocol import WHOLE
from benchmark.plan.seeds import make_deterministic
from benchmark.train.batches import cut_windows, join_windows, predict_windows, with_target
from benchmark.train.kernels import Kernels, equipped, kernels_of
from benchmark.train.loop import Curve, train_network
from benchmark.users_code import text_of
from datasets.contract import TARGETS, AnySong, Song, UnannotatedSong
from datasets.scaling import Scaler
from datasets.splits import hold_out
from models.contract import (
    Estimator,
    FittedNetwork,
    Predictions,
    Restorer,
    State,
    Trainer,
    part_of,
    with_prefix,
)
from models.registry import MODELS


@dataclass(frozen=True)
class Progress:
    """A cell reached the end of an epoch of one of its networks."""

    key: str
    network: str
    epoch: int
    validation_rmse: float


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, eq=False)
class ScaledNetwork:
    """A trained network, the scaling it was trained with and the window length it predicts with."""

    network: nn.Module
    scaler: Scaler
    sequence_length: int
    device: str

    def predict(self, songs: Sequence[AnySong]) -> Predictions:
        """Predict every frame of every song once, in windows of `sequence_length` frames."""
        groups = cut_windows(songs, self.scaler, self.sequence_length, self.device)
        return join_windows(groups, predict_windows(self.network, groups), songs)

    def state(self) -> State:
        """Return weights, scaling and window length as arrays."""
        weights = {
            name: value.detach().cpu().numpy() for name, value in self.network.state_dict().items()
        }
        return with_prefix("network", weights) | {
            "scaler.mean": self.scaler.mean,
            "scaler.deviation": self.scaler.deviation,
            "sequence_length": np.array([self.sequence_length]),
        }


@dataclass(frozen=True)
class NetworkRestorer:
    """Builds networks and fills them with weights that were kept."""

    device: str

    def network(self, build: Callable[[], nn.Module], state: State) -> FittedNetwork:
        """Return the trained network that `ScaledNetwork.state` described."""
        network = build()
        weights = part_of(state, "network")
        network.load_state_dict({name: torch.from_numpy(one) for name, one in weights.items()})
        scaler = Scaler(mean=state["scaler.mean"], deviation=state["scaler.deviation"])
        length = int(state["sequence_length"][0])
        return ScaledNetwork(network.to(self.device).eval(), scaler, length, self.device)


class CellTrainer:
    """Trains the networks of one cell and keeps their curves."""

    def __init__(
        self,
        cell: Cell,
        device: str,
        on_progress: OnProgress,
        *,
        round_name: str = "",
        scored_on: Sequence[Song] | None = None,
        kernels: Kernels = "fused",
    ) -> None:
        """Take the cell, which decides every seed, and the device and kernels to compute with.

        `scored_on`, the songs that score the cell, are given, and replace the held-out songs
        that training stops on, only under `protocol.selection=evaluation`.
        """
        self.cell = cell
        self.device = device
        self.on_progress = on_progress
        self.prefix = f"{round_name}: " if round_name else ""
        self.scored_on = scored_on
        self.kernels = kernels_of(cell, device, kernels)
        self.curves: dict[str, Curve] = {}

    def seed(self, name: str) -> int:
        """Return the seed of the random choice called `name`."""
        return self.cell.seed(self.prefix + name)

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
        """Train one network; scaling is learned from the training songs alone."""
        protocol = self.cell.protocol
        make_deterministic(self.seed(f"weights and dropout of {name}"))
        network = equipped(build().to(self.device), self.cell.model, self.kernels)
        scaler = Scaler.fit(training)
        windows, stopping = (
            with_target(cut_windows(songs, scaler, sequence_length, self.device), target)
            for songs in (training, validation if self.scored_on is None else self.scored_on)
        )
        if target == "annotations":
            _check_output(self.cell.model, network, windows[0].features[:1])
        self.curves[self.prefix + name] = train_network(
            network,
            windows,
            stopping,
            self.cell.training or TrainingConfig(),
            keeps_last=protocol.selection == "last",
            kernels=self.kernels,
            shuffle_seed=self.seed(f"batch order of {name}"),
            on_epoch=lambda epoch, error: self.on_progress(
                Progress(self.cell.key, self.prefix + name, epoch, error)
            ),
        )
        length = protocol.test_sequence_length or sequence_length
        n_frames = sys.maxsize if length == WHOLE else int(length)
        return ScaledNetwork(network, scaler, n_frames, self.device)


class SingleNetwork(Estimator):
    """The estimator made of one network: hold out songs, train, predict."""

    def __init__(self, cell: Cell, build: Callable[[], nn.Module]) -> None:
        """Take the cell and a function that builds its network."""
        self.cell = cell
        self.build = build

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Train on most songs and stop on the rest; models of a repetition share this split."""
        assert self.cell.training is not None and self.cell.sequence_length is not None
        fraction = self.cell.training.validation_fraction
        seed = self.cell.shared_seed("validation songs")
        training, validation = hold_out(songs, fraction, seed) if fraction else (list(songs), [])
        self.fitted = trainer.fit(
            self.build,
            training,
            validation,
            sequence_length=self.cell.sequence_length,
            name="network",
        )

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Predict with the trained network."""
        return self.fitted.predict(songs)

    def state(self) -> State:
        """Return the network's weights and scaling."""
        return self.fitted.state()

    def restore(self, state: State, restorer: Restorer) -> None:
        """Take a network that was kept."""
        self.fitted = restorer.network(self.build, state)

    def networks(self) -> list[nn.Module]:
        """Return the one network."""
        return [self.fitted.network]


def build_estimator(cell: Cell, n_features: int) -> Estimator:
    """Build the cell's model, unfitted."""
    model_class(cell.model)  # imported with care
    row = MODELS[cell.model]
    if row.kind == "network":
        return SingleNetwork(cell, lambda: row.build(n_features, cell.config))
    estimator = row.build(n_features, cell.config)
    if not isinstance(estimator, Estimator):
        raise ConfigError(
            f"Model '{cell.model}' is made as a {type(estimator).__name__}; let its class inherit"
            " models.contract.Estimator."
        )
    return estimator


@torch.no_grad()
def _check_output(model: str, network: nn.Module, window: torch.Tensor) -> None:
    """Refuse a network that breaks the contract before time is spent on it."""
    network.eval()
    try:
        output = network(window)
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    except (RuntimeError, TypeError, ValueError) as error:
        reason = text_of(error).rstrip(".")
        raise ConfigError(
            f"Model '{model}' fails on features {tuple(window.shape)}: {reason}. A network maps"
            " (B, T, F) features to (B, T, 2) valence and arousal."
        ) from error
    expected = (*window.shape[:2], len(TARGETS))
    if shape != expected:
        raise ConfigError(
            f"Model '{model}' maps features {tuple(window.shape)} to {shape}; expected {expected},"
            " valence and arousal of every frame."
        )
