"""CRNN: one convolution, then one recurrent branch per target.

Source  Malik et al., "Stacked convolutional and recurrent neural networks for music emotion
        recognition", SMC 2017, figure 1; https://arxiv.org/abs/1706.02292
Axes    B sequences, T frames, F features, C channels, K = C * F, D dense units, H = 2 * GRU units
"""

from itertools import pairwise
from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from models import keras1_layers

N_TARGETS = 2  # valence, arousal
Layers = Annotated[int, Field(ge=1, le=3)]
Units = Annotated[int, Field(ge=1)]
Flavour = Literal["torch", "keras1"]


@dataclass(frozen=True)
class CRNNConfig:
    """Shape and regularisation; the defaults are the paper's best configuration.

    Where the paper is silent an option says how to read it: `gru` and `initialisation` choose
    torch's or Keras 1's, `activity` how ElasticNet on activity is summed.
    """

    conv_layers: Layers = 1
    channels: Units = 8
    dense_layers: Layers = 1
    dense_units: Units = 8
    gru_layers: Layers = 1
    gru_units: Units = 8
    maxout_pieces: Units = 4  # of MaxoutDense in Keras 1, which the paper used
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.25  # after each convolution and the GRU
    l1: Annotated[float, Field(ge=0)] = 0.1  # ElasticNet on weights and activity of the CNN
    l2: Annotated[float, Field(ge=0)] = 0.001
    activity: Literal["mean", "batch_mean", "sum"] = "mean"  # over batch and positions; batch; none
    gru: Flavour = "torch"
    initialisation: Flavour = "torch"
    batch_norm_momentum: Annotated[float, Field(gt=0, le=1)] = 0.1  # weight of the newest batch
    batch_norm_epsilon: Annotated[float, Field(gt=0)] = 1e-5


class CRNN(nn.Module):
    """Emotion per frame, each target with a recurrent branch of its own."""

    Config = CRNNConfig

    def __init__(self, *, n_features: int, config: CRNNConfig) -> None:
        """Build for F = `n_features`."""
        super().__init__()
        self.front = ConvolutionalFront(config)
        self.branches = nn.ModuleList(
            RecurrentBranch(config.channels * n_features, 1, config) for _ in range(N_TARGETS)
        )
        initialise(self, config)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        frames_BTK = self.front(features_BTF)
        return torch.cat([branch(frames_BTK) for branch in self.branches], dim=-1)

    def penalty(self) -> Tensor:
        """Return the ElasticNet term of the last forward pass."""
        return self.front.penalty()


class ConvolutionalFront(nn.Module):
    """3 x 3 convolutions over time and features; no pooling, so every frame keeps its place."""

    def __init__(self, config: CRNNConfig) -> None:
        """Build the convolution, batch normalisation, ReLU and dropout of each layer."""
        super().__init__()
        widths = [1] + [config.channels] * config.conv_layers
        self.convolutions = nn.ModuleList(
            nn.Conv2d(n_in, n_out, kernel_size=3, padding="same")
            for n_in, n_out in pairwise(widths)
        )
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(n_out, config.batch_norm_epsilon, config.batch_norm_momentum)
            for n_out in widths[1:]
        )
        self.dropout = nn.Dropout(config.dropout)
        self.l1, self.l2, self.activity = config.l1, config.l2, config.activity
        self._activity: Tensor = torch.zeros(())

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, K) frames."""
        maps_BCTF = features_BTF.unsqueeze(1)
        activity = features_BTF.new_zeros(())
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            maps_BCTF = convolution(maps_BCTF)
            if self.training:
                activity = activity + self._elastic(maps_BCTF) / self._divisor(maps_BCTF)
            maps_BCTF = self.dropout(torch.relu(norm(maps_BCTF)))
        self._activity = activity
        return maps_BCTF.transpose(1, 2).flatten(start_dim=2)

    def penalty(self) -> Tensor:
        """Return ElasticNet on weights, summed as printed, plus on activity, as `activity` says.

        The printed sum over the batch would be about 1.5e5 against a data loss of .3; `mean`
        averages over the batch and the positions of a map, and sums over maps.
        """
        weights = [self._elastic(layer.get_parameter("weight")) for layer in self.convolutions]
        return torch.stack(weights).sum() + self._activity

    def _elastic(self, values: Tensor) -> Tensor:
        """ElasticNet (Zou and Hastie 2005): l1 * sum of |v| + l2 * sum of v squared."""
        return self.l1 * values.abs().sum() + self.l2 * values.square().sum()

    def _divisor(self, maps_BCTF: Tensor) -> int:
        return {
            "sum": 1,
            "batch_mean": len(maps_BCTF),
            "mean": maps_BCTF[:, 0].numel(),
        }[self.activity]


class RecurrentBranch(nn.Module):
    """Dense layer to shrink the frames, bidirectional GRU, maxout as regression layer."""

    def __init__(self, n_inputs: int, n_outputs: int, config: CRNNConfig) -> None:
        """Build for K = `n_inputs` values per frame."""
        super().__init__()
        widths = [n_inputs] + [config.dense_units] * config.dense_layers
        self.dense = nn.Sequential(*(nn.Linear(n_in, n_out) for n_in, n_out in pairwise(widths)))
        self.gru = TorchGRU(config) if config.gru == "torch" else _keras_gru(config)
        self.dropout = nn.Dropout(config.dropout)
        self.maxout = Maxout(2 * config.gru_units, n_outputs, config.maxout_pieces)

    def forward(self, frames_BTK: Tensor) -> Tensor:
        """Map (B, T, K) frames to (B, T, outputs)."""
        return self.maxout(self.dropout(self.gru(self.dense(frames_BTK))))  # type: ignore[no-any-return]


class TorchGRU(nn.GRU):
    """Bidirectional GRU as torch computes it; returns the states alone."""

    def __init__(self, config: CRNNConfig) -> None:
        """Build for D dense units per frame."""
        super().__init__(
            config.dense_units,
            config.gru_units,
            num_layers=config.gru_layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.gru_layers > 1 else 0.0,
        )

    def forward(self, frames_BTD: Tensor) -> Tensor:  # type: ignore[override]
        """Map (B, T, D) to (B, T, H)."""
        return super().forward(frames_BTD)[0]


def _keras_gru(config: CRNNConfig) -> keras1_layers.KerasGRU:
    """Build the same shape with Keras 1's equations."""
    return keras1_layers.KerasGRU(
        config.dense_units, config.gru_units, n_layers=config.gru_layers, dropout=config.dropout
    )


class Maxout(nn.Module):
    """The largest of several linear maps: a learned convex function (Goodfellow et al. 2013)."""

    def __init__(self, n_inputs: int, n_outputs: int, pieces: int) -> None:
        """Build `pieces` linear maps."""
        super().__init__()
        self.linear = nn.Linear(n_inputs, pieces * n_outputs)
        self.shape = (pieces, n_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (..., inputs) to (..., outputs)."""
        pieces: Tensor = self.linear(inputs).unflatten(-1, self.shape)
        return pieces.amax(dim=-2)


def initialise(network: nn.Module, config: CRNNConfig) -> None:
    """Redraw the weights as Keras 1 does, if asked to; torch has drawn them already."""
    if config.initialisation == "keras1":
        keras1_layers.initialise(network)
        for module in network.modules():
            if isinstance(module, Maxout):
                keras1_layers.initialise_maxout(module.linear.weight)
