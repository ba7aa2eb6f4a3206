"""CRNN and CRNN_NB with a fused front, one first dense layer and compiled GRUs.

Parameters, buffers and their names are those of the plain network, so that what is trained here is
predicted or kept there.
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
    if type(network) is CRNN or type(network) is CRNNNB:
        return FusedCRNN(network)
    return network


class FusedCRNN(nn.Module):
    """A CRNN or CRNN_NB whose branches are computed together.

    It is made of the plain network's own layers: they are what is trained, not copies of them.
    """

    def __init__(self, plain: CRNN | CRNNNB) -> None:
        """Take over all layers under their names."""
        super().__init__()
        for name, layers in plain.named_children():
            self.add_module(name, layers)
        self.front = FusedFront(plain.front)
        self.in_order = tuple(m for m in self.modules() if isinstance(m, RecurrentBranch))

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        return torch.cat(run_branches(self.front(features_BTF), self.in_order), dim=-1)

    def penalty(self) -> Tensor:
        """Return the ElasticNet term of the last forward pass."""
        return self.front.penalty()


def run_branches(frames_BTK: Tensor, branches: Sequence[RecurrentBranch]) -> list[Tensor]:
    """Return the outputs (B, T, outputs) of branches that see the same frames (B, T, K)."""
    can_fuse = all(type(branch.gru) is TorchGRU for branch in branches)
    if frames_BTK.device.type != "cpu" or is_traced() or not can_fuse:
        return [branch(frames_BTK) for branch in branches]
    first = [branch.dense[0] for branch in branches]
    weights: list[Tensor] = [layer.get_parameter("weight") for layer in first]
    biases: list[Tensor] = [layer.get_parameter("bias") for layer in first]
    together = nn.functional.linear(frames_BTK, torch.cat(weights), torch.cat(biases))
    inputs = [
        branch.dense[1:](projected)
        for branch, projected in zip(branches, together.chunk(len(branches), dim=-1), strict=True)
    ]
    states = _states(inputs, [branch.gru for branch in branches])  # type: ignore[misc]
    return [
        branch.maxout(branch.dropout(hidden))
        for branch, hidden in zip(branches, states, strict=True)
    ]


def _states(inputs: list[Tensor], grus: list[TorchGRU]) -> list[Tensor]:
    """Run all layers of the branches' GRUs, with dropout between them."""
    states = run_layer(inputs, grus, 0)
    for layer in range(1, grus[0].num_layers):
        states = [
            nn.functional.dropout(sequence, grus[0].dropout, grus[0].training)
            for sequence in states
        ]
        states = run_layer(states, grus, layer)
    return states
