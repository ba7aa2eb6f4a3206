"""TCN: a low-rank input, then depthwise separable convolutions whose reach doubles.

Layer   each column convolved over time by itself, then columns mixed frame by frame; added to its
        input. Beyond the ends of a sequence are zeros
Reach   a frame sees (K - 1) * sum of dilations frames beside itself, by default 120, 60 s: half of
        them on either side, or all before it
Source  Bai et al. 2018, https://arxiv.org/abs/1803.01271 (temporal convolutional network);
        Chollet 2017, https://arxiv.org/abs/1610.02357 (depthwise separable)
Size    F D + D + n (K D + D + D D + D) + 2 (D + 1), n dilations: 5,938 for F = 260
Axes    B sequences, T frames, F features, D columns, K kernel
"""

from typing import Annotated

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from models.low_rank import LowRankInput

N_TARGETS = 2  # valence, arousal
Whole = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class TCNConfig:
    """Width, reach, direction and dropout."""

    columns: Whole = 16
    kernel: Annotated[int, Field(ge=2)] = 9  # frames
    dilations: Annotated[tuple[Whole, ...], Field(min_length=1)] = (1, 2, 4, 8)
    both_ways: bool = True  # False: causal
    input_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of features, for a whole sequence
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of every layer


class TCN(nn.Module):
    """Emotion per frame from a minute around it, or before it."""

    Config = TCNConfig

    def __init__(self, *, n_features: int, config: TCNConfig) -> None:
        """Build for F = `n_features`."""
        super().__init__()
        self.input = LowRankInput(n_features, config.columns, config.input_dropout)
        self.layers = nn.Sequential(*(Layer(config, dilation) for dilation in config.dilations))
        self.head = nn.Linear(config.columns, N_TARGETS)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        return self.head(self.layers(self.input(features_BTF)))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """One depthwise separable convolution over time beside an identity."""

    def __init__(self, config: TCNConfig, dilation: int) -> None:
        """Build the two convolutions; `ends` are the zeros before and after a sequence."""
        super().__init__()
        columns, reach = config.columns, (config.kernel - 1) * dilation
        after = reach // 2 if config.both_ways else 0
        self.ends = (reach - after, after)
        self.over_time = nn.Conv1d(
            columns, columns, config.kernel, dilation=dilation, groups=columns
        )
        self.mix = nn.Linear(columns, columns)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, columns_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, D)."""
        near_BTD = self.over_time(nn.functional.pad(columns_BTD.mT, self.ends)).mT
        added_BTD: Tensor = self.dropout(torch.relu(self.mix(near_BTD)))
        return columns_BTD + added_BTD
