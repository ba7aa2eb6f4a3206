"""Epochs and early stopping, readable top to bottom.

Stop    when the RMSE on held-out songs has not improved for `patience` epochs; the best is kept.
        Or never, and the last is kept
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from math import inf, isfinite

import torch
from torch import Tensor, nn

from benchmark.errors import TrainingDiverged
from benchmark.plan.config import TrainingConfig
from benchmark.train.batches import Windows, predict_windows, shuffled_batches
from benchmark.train.kernels import Kernels
from benchmark.train.step import Step, make_step


@dataclass(frozen=True)
class Curve:
    """What training looked like: one number per epoch, in annotation units."""

    training_loss: tuple[float, ...]  # RMSE averaged over batches, penalty excluded
    validation_rmse: tuple[float, ...]  # pooled over the songs it stops on; empty: none
    best_epoch: int  # counted from 1; its weights were kept
    n_steps: int


def pooled_rmse(groups: list[Windows], predicted: list[Tensor]) -> float:
    """Return the RMSE over all frames of all groups, per target, averaged over targets."""
    errors = [
        (windows - group.annotations).flatten(end_dim=-2)
        for group, windows in zip(groups, predicted, strict=True)
    ]
    return float(torch.cat(errors).double().square().mean(dim=0).sqrt().mean())


def train_network(
    network: nn.Module,
    training: list[Windows],
    validation: list[Windows],
    config: TrainingConfig,
    *,
    keeps_last: bool = False,
    kernels: Kernels = "plain",
    shuffle_seed: int,
    on_epoch: Callable[[int, float], None],
) -> Curve:
    """Train in place and leave the weights of the best epoch, or of the last, in the network."""
    step = make_step(network, config, kernels)
    generator = torch.Generator().manual_seed(shuffle_seed)
    losses: list[float] = []
    errors: list[float] = []
    best_weights = deepcopy(network.state_dict())
    best_epoch = n_steps = 0
    best_error = inf
    for epoch in range(1, config.max_epochs + 1):
        loss, steps = train_epoch(network, training, config.batch_size, step, generator)
        n_steps += steps
        losses.append(loss)
        error = loss
        if validation:
            error = pooled_rmse(validation, predict_windows(network, validation))
            errors.append(error)
        if not (isfinite(loss) and isfinite(error)):
            raise TrainingDiverged(f"loss {loss}, validation {error} in epoch {epoch}")
        if keeps_last or error < best_error:
            best_epoch, best_error = epoch, error
            best_weights = deepcopy(network.state_dict())
        on_epoch(epoch, error)
        if epoch - best_epoch >= config.patience:
            break
    network.load_state_dict(best_weights)
    network.zero_grad()  # a model of many networks would carry every last gradient along
    network.eval()
    return Curve(tuple(losses), tuple(errors), best_epoch, n_steps)


def train_epoch(
    network: nn.Module,
    training: list[Windows],
    batch_size: int,
    step: Step,
    generator: torch.Generator,
) -> tuple[float, int]:
    """Show every window once; return the mean RMSE over batches and the number of steps."""
    network.train()
    total, n_steps = torch.zeros((), device=training[0].features.device), 0
    for features_BTF, annotations_BT2 in shuffled_batches(training, batch_size, generator):
        total += step(features_BTF, annotations_BT2)
        n_steps += 1
    return float(total) / n_steps, n_steps
