"""The competitors: a bare PyTorch loop, and the suite's own with plain or fused layers."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmark.plan.config import Precision, TrainingConfig
from benchmark.plan.seeds import make_deterministic
from benchmark.speed.clock import Pass, median_seconds
from benchmark.train.batches import Windows, predict_windows
from benchmark.train.kernels import Kernels, equipped
from benchmark.train.loop import train_epoch
from benchmark.train.step import make_step, rmse_loss
from models.registry import MODELS

N_FEATURES = 260  # of the paper's baseline set
CONFIG = TrainingConfig()


@dataclass(frozen=True)
class Subject:
    """A model with its default configuration, a sequence length, and how `run` computes it."""

    model: str
    sequence_length: int
    device: str
    kernels: Kernels = "plain"
    precision: Precision = "float32"

    @property
    def definition(self) -> "Subject":
        """Return the plain float32 network, which every other form is held against."""
        return replace(self, kernels="plain", precision="float32")

    def network(self) -> nn.Module:
        """Build the network; single-threaded from here on, as training is."""
        make_deterministic(0)
        network: nn.Module = MODELS[self.model].build(N_FEATURES)
        return equipped(network.to(self.device), self.model, self.kernels)

    def data(self) -> tuple[Tensor, Tensor]:
        """Return random features and annotations, about as many frames at any length."""
        n_windows = CONFIG.batch_size * max(1, 60 // self.sequence_length)
        shape = (n_windows, self.sequence_length)
        features = torch.randn(*shape, N_FEATURES, device=self.device)
        return features, 0.3 * torch.randn(*shape, 2, device=self.device)

    def windows(self) -> Windows:
        """Return such data as the harness holds them."""
        features, annotations = self.data()
        return Windows(features, annotations, tuple((index, 0) for index in range(len(features))))

    @property
    def frames_per_step(self) -> int:
        """Return how many frames one training step sees."""
        return CONFIG.batch_size * self.sequence_length


def bare_loop(subject: Subject) -> Pass:
    """Return an epoch of the loop that anyone would write, with the plain network."""
    network = subject.definition.network()
    loader: DataLoader[tuple[Tensor, ...]] = DataLoader(
        TensorDataset(*subject.data()), batch_size=CONFIG.batch_size, shuffle=True
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=CONFIG.learning_rate)
    penalty: Any = getattr(network, "penalty", None)

    def run() -> int:
        network.train()
        for features, annotations in loader:
            optimizer.zero_grad()
            loss = rmse_loss(network(features), annotations)
            if penalty is not None:
                loss = loss + penalty()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return len(loader)

    return run


def harness_loop(subject: Subject) -> Pass:
    """Return an epoch as `run` trains it."""
    network, windows = subject.network(), [subject.windows()]
    step = make_step(network, replace(CONFIG, precision=subject.precision), subject.kernels)
    generator = torch.Generator().manual_seed(0)
    return lambda: train_epoch(network, windows, CONFIG.batch_size, step, generator)[1]


def prediction_seconds(subject: Subject, n_rounds: int) -> float:
    """Return the seconds of predicting as many frames as one training step sees."""
    network, windows = subject.network(), subject.windows()
    n_batches = len(windows.origins) / CONFIG.batch_size
    seconds = median_seconds(lambda: predict_windows(network, [windows]), subject.device, n_rounds)
    return seconds / n_batches
