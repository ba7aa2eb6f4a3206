"""CRNN and CRNN_NB with a fused front, one first dense layer and compiled GRUs.

Each takes over the layers of the plain network, so parameters, buffers and their names are those
of the plain network, and what is trained here is predicted or kept there.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.crnn import CRNN, RecurrentBranch, TorchGRU
from models.crnn_nb import CRNNNB
from models.fused.frontend import FusedFront, is_traced
from models.fused.gru import run_layer


def fuse(network: nn.Module) -> nn.Module:
    """Return a CRNN or CRNN_NB with faster layers, or the network itself where there are none."""
    for plain, fused in ((CRNN, FusedCRNN), (CRNNNB, FusedCRNNNB)):
        if type(network) is plain:
            taken = fused.__new__(fused)
            taken.__dict__.update(network.__dict__)
            taken._modules = dict(network._modules) | {"front": FusedFront(network.front)}
            return taken
    return network


class FusedCRNN(CRNN):
    """A CRNN whose branches are computed together."""

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        branches: list[RecurrentBranch] = list(self.branches)  # type: ignore[arg-type]
        return torch.cat(run_branches(self.front(features_BTF), branches), dim=-1)


class FusedCRNNNB(CRNNNB):
    """A CRNN_NB with a compiled GRU."""

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        return run_branches(self.front(features_BTF), [self.branch])[0]


def run_branches(frames_BTK: Tensor, branches: Sequence[RecurrentBranch]) -> list[Tensor]:
    """Return the outputs (B, T, outputs) of branches that see the same frames (B, T, K)."""
    can_fuse = all(type(one.gru) is TorchGRU for one in branches)
    if frames_BTK.device.type != "cpu" or is_traced() or not can_fuse:
        return [branch(frames_BTK) for branch in branches]
    first = [branch.dense[0] for branch in branches]
    weights: list[Tensor] = [one.get_parameter("weight") for one in first]
    biases: list[Tensor] = [one.get_parameter("bias") for one in first]
    together = nn.functional.linear(frames_BTK, torch.cat(weights), torch.cat(biases))
    inputs = [
        branch.dense[1:](one)
        for branch, one in zip(branches, together.chunk(len(branches), dim=-1), strict=True)
    ]
    states = _states(inputs, [branch.gru for branch in branches])  # type: ignore[misc]
    return [
        branch.maxout(branch.dropout(one)) for branch, one in zip(branches, states, strict=True)
    ]


def _states(inputs: list[Tensor], grus: list[TorchGRU]) -> list[Tensor]:
    """Run all layers of the branches' GRUs, with dropout between them."""
    states = run_layer(inputs, grus, 0)
    for layer in range(1, grus[0].num_layers):
        states = [nn.functional.dropout(one, grus[0].dropout, grus[0].training) for one in states]
        states = run_layer(states, grus, layer)
    return states
