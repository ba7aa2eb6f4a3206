"""One training step: forward, loss, backward, update; eager, or replayed as a CUDA graph.

Loss       RMSE over the batch per target, averaged over targets, plus the network's own penalty
Precision  `bf16` multiplies in bfloat16 where torch's autocast says it is safe; weights, loss,
           optimizer and all predictions stay float32
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from benchmark.plan.config import Precision, TrainingConfig
from benchmark.train.kernels import Kernels

SMALLEST_SQUARE = 1e-12  # keeps the root's gradient finite where a batch is matched exactly
N_WARM_UP = 3  # eager steps of a shape before it is recorded: libraries settle on algorithms

Step = Callable[[Tensor, Tensor], Tensor]  # features, annotations -> RMSE, penalty excluded
Call = Callable[[], Tensor]


def rmse_loss(predicted: Tensor, annotations: Tensor) -> Tensor:
    """Return the RMSE per target over all windows and frames, averaged over targets."""
    squares = (predicted - annotations).square().flatten(end_dim=-2).mean(dim=0)
    return squares.clamp_min(SMALLEST_SQUARE).sqrt().mean()


def batch_loss(
    network: nn.Module, features_BTF: Tensor, annotations_BT2: Tensor, precision: Precision
) -> Tensor:
    """Return the RMSE of a network on one batch, without its penalty."""
    uses_bf16 = precision == "bf16"
    device = features_BTF.device.type
    with torch.autocast(device, torch.bfloat16, enabled=uses_bf16, cache_enabled=False):
        predicted = network(features_BTF)
    return rmse_loss(predicted.to(annotations_BT2.dtype), annotations_BT2)


def make_step(network: nn.Module, config: TrainingConfig, kernels: Kernels) -> Step:
    """Return what trains a network on one batch, with an optimizer of its own."""
    optimizer = torch.optim.Adam(
        network.parameters(),
        lr=config.learning_rate,
        eps=config.adam_epsilon,
        fused=kernels == "fused" or None,  # moves all tensors in one call
        capturable=kernels == "graphs",
    )
    eager = EagerStep(network, optimizer, precision=config.precision)
    return GraphedStep(eager, CudaRecorder()) if kernels == "graphs" else eager


class EagerStep:
    """The definition of a training step."""

    def __init__(
        self, network: nn.Module, optimizer: torch.optim.Optimizer, *, precision: Precision
    ) -> None:
        """Take a network and what updates it."""
        self.network, self.optimizer, self.precision = network, optimizer, precision

    def __call__(self, features_BTF: Tensor, annotations_BT2: Tensor) -> Tensor:
        """Update the weights once."""
        self.optimizer.zero_grad()
        loss = batch_loss(self.network, features_BTF, annotations_BT2, self.precision)
        penalty = getattr(self.network, "penalty", None)
        torch.autograd.backward(loss if penalty is None else loss + penalty())
        self.optimizer.step()
        return loss.detach()


class GraphedStep:
    """Records the step of every batch shape once, then replays it on new data.

    The first steps of a shape are taken eagerly and count; recording one computes nothing.
    """

    def __init__(self, step: Step, recorder: "Recorder") -> None:
        """Take the step to repeat and what records it."""
        self.step, self.recorder = step, recorder
        self.n_seen: dict[torch.Size, int] = {}
        self.replays: dict[torch.Size, tuple[Tensor, Tensor, Call]] = {}

    def __call__(self, features_BTF: Tensor, annotations_BT2: Tensor) -> Tensor:
        """Update the weights once."""
        shape = features_BTF.shape
        if shape not in self.replays:
            self.n_seen[shape] = self.n_seen.get(shape, 0) + 1
            if self.n_seen[shape] <= N_WARM_UP:
                return self.recorder.warm_up(lambda: self.step(features_BTF, annotations_BT2))
            features, annotations = features_BTF.clone(), annotations_BT2.clone()
            replay = self.recorder.record(lambda: self.step(features, annotations))
            self.replays[shape] = features, annotations, replay
        features, annotations, replay = self.replays[shape]
        features.copy_(features_BTF)
        annotations.copy_(annotations_BT2)
        return replay().clone()


class Recorder(Protocol):
    """What can repeat a call without arguments."""

    def warm_up(self, step: Call) -> Tensor:
        """Take a step as it will be recorded."""

    def record(self, step: Call) -> Call:
        """Return what repeats a step; recording takes none."""


class CudaRecorder:
    """Records steps as CUDA graphs; each keeps its gradients and its loss in memory of its own."""

    def __init__(self) -> None:
        """Make the stream of the first steps: a graph cannot wait for work on the default one."""
        self.stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def warm_up(self, step: Call) -> Tensor:
        """Take a step beside the default stream, and let that wait for it."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            loss = step()
        torch.cuda.current_stream().wait_stream(self.stream)
        return loss

    def record(self, step: Call) -> Call:
        """Record a step."""
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        with torch.cuda.graph(graph, stream=self.stream):
            loss = step()

        def replay() -> Tensor:
            graph.replay()
            return loss

        return replay
