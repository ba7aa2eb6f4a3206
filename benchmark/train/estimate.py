"""What a cell will cost, from a few timed steps of its own networks.

The model's own `train_networks`, or `fit`, runs on a handful of songs with a trainer that times
steps instead of training, so a model that trains many networks is priced without saying how many.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import nn

from benchmark.plan.cell import Cell
from benchmark.plan.config import TrainingConfig
from benchmark.plan.seeds import make_deterministic
from benchmark.train.batches import Windows, cut_windows, with_target
from benchmark.train.kernels import Kernels, equipped, kernels_of
from benchmark.train.state import own_state
from benchmark.train.step import batch_loss
from benchmark.train.trainer import SingleNetwork, build_estimator
from datasets.contract import AnySong, DatasetError, Song, Split
from datasets.scaling import Scaler
from models.contract import FittedNetwork, Predictions, State

N_SONGS = 24  # enough for every model's own folds


@dataclass(frozen=True)
class Estimate:
    """Cost of a cell if no network stops early; 0 networks for models that train none."""

    n_networks: int
    n_epochs: int
    seconds: float


class StepTimes(dict[tuple[str, int, int], float]):
    """Seconds a frame by class of network, its parameters and the batch size, as far as known."""

    def of_step(self, network: nn.Module, window: Windows, training: TrainingConfig) -> float:
        """Return the seconds of one training step on a full batch."""
        return _time_step(network, window, training)


class TimingTrainer:
    """Times steps where the real trainer trains."""

    def __init__(
        self, cell: Cell, device: str, kernels: Kernels, scale: float, known: StepTimes | None
    ) -> None:
        """`scale` is how many times more songs the real training sees; None times nothing."""
        self.kernels = kernels_of(cell, device, kernels)
        self.cell, self.device, self.scale, self.known = cell, device, scale, known
        self.n_networks, self.seconds = 0, 0.0

    def seed(self, name: str) -> int:
        """Return the seed the real trainer would return."""
        return self.cell.seed(name)

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
        """Add what this training would cost at most."""
        network = equipped(build().to(self.device), self.cell.model, self.kernels)
        if self.known is None:
            return _Silent(network)
        size = sum(weight.numel() for weight in network.parameters())
        training_config = self.cell.training or TrainingConfig()
        batch_size = training_config.batch_size
        place = (type(network).__qualname__, size, batch_size)
        if place not in self.known:
            window = cut_windows(
                training[:1], Scaler.fit(training[:1]), sequence_length, self.device
            )
            timed = with_target(window, target)[0]
            seconds = self.known.of_step(network, timed, training_config)
            self.known[place] = seconds / timed.features.shape[1]
        windows = sum(math.ceil(song.n_frames / sequence_length) for song in training)
        n_steps = math.ceil(windows * self.scale / batch_size) * training_config.max_epochs
        self.n_networks += 1
        self.seconds += n_steps * self.known[place] * sequence_length
        return _Silent(network)


@dataclass(frozen=True, eq=False)
class _Silent:
    """Stands where a trained network would; predicts nothing at all."""

    network: nn.Module

    def predict(self, songs: Sequence[AnySong]) -> Predictions:
        return [np.zeros((song.n_frames, 2), dtype=np.float32) for song in songs]

    def state(self) -> State:
        return {}


@own_state()
def estimate(cell: Cell, split: Split, device: str, kernels: Kernels, known: StepTimes) -> Estimate:
    """Return what the cell costs at most; `known` keeps step times from cell to cell."""
    try:
        trainer = _time_all(cell, split, N_SONGS, device, kernels, known)
    except DatasetError:  # too few for this model's folds; if all are, the error is true
        trainer = _time_all(cell, split, len(split.development), device, kernels, known)
    n_folds = cell.protocol.folds or 1
    n_networks = n_folds * trainer.n_networks
    n_epochs = n_networks * (cell.training.max_epochs if cell.training else 0)
    return Estimate(n_networks, n_epochs, n_folds * trainer.seconds)


@own_state()
def count_parameters(cell: Cell, split: Split) -> int:
    """Count the trainable parameters of a cell's networks before any is trained."""
    estimator = build_estimator(cell, split.n_features)
    if isinstance(estimator, SingleNetwork):
        networks = [estimator.build()]
    else:
        trainer = TimingTrainer(cell, "cpu", "plain", 1.0, None)
        estimator.train_networks(split.development[:N_SONGS], trainer)
        networks = estimator.networks()
    return sum(weight.numel() for network in networks for weight in network.parameters())


def _time_all(
    cell: Cell, split: Split, n_songs: int, device: str, kernels: Kernels, known: StepTimes
) -> TimingTrainer:
    """Let the model fit itself on some songs with a trainer that only times steps."""
    songs = split.development[:n_songs]
    scale = len(split.development) / len(songs)
    trainer = TimingTrainer(cell, device, kernels, scale, known)
    if cell.training is not None:
        make_deterministic(cell.seed("estimate"))  # one thread, as in training
        build_estimator(cell, split.n_features).train_networks(songs, trainer)
    return trainer


def _time_step(network: nn.Module, window: Windows, training: TrainingConfig) -> float:
    """Return the seconds of one training step on a full batch, warmed up once.

    The optimizer is left out: its share is small, and torch's would load a compiler first.
    """
    batch_size, precision = training.batch_size, training.precision
    features = window.features[:1].expand(batch_size, -1, -1).contiguous()
    annotations = window.annotations[:1].expand(batch_size, -1, -1)
    seconds = 0.0
    for _ in ("warm up", "time"):
        started = time.perf_counter()
        network.zero_grad()
        loss = batch_loss(network, features, annotations, precision)
        loss.backward()  # type: ignore[no-untyped-call]
        float(loss.detach())
        seconds = time.perf_counter() - started
    return seconds
