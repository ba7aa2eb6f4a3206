"""Diagonal: a low-rank input, then a linear recurrence of independent complex channels.

Channel  x_t = p x_(t-1) + u_t over the sum of |p|^(t - s), with p = exp(-0.5 / tau + i angle) for
         frames of 0.5 s: a mean of the past that forgets in tau seconds and turns as it does
Source   Orvieto et al. 2023, https://arxiv.org/abs/2303.06349 (poles in polar form, dense maps in
         and out); Gu et al. 2022, https://arxiv.org/abs/2206.11893 (diagonal, gated output).
         Other than theirs: means in place of sums, poles spread evenly instead of at random
Size     F D + D + W (2 N D + 2 N) + (2 N W + D) 2 D + 2 D + 2 D + 2, less 2 N W for fixed poles:
         5,838 for F = 260
Axes     B sequences, T frames, F features, D columns, N complex channels, W directions
"""

from math import log10
from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from datasets.contract import FRAME_SECONDS
from models.low_rank import LowRankInput
from models.recurrence import running_means

N_TARGETS = 2  # valence, arousal
SHORTEST, LONGEST = 1.0, 60.0  # seconds, the time constants that channels begin with


@dataclass(frozen=True)
class DiagonalConfig:
    """Width, direction, poles and dropout."""

    columns: Annotated[int, Field(ge=1)] = 12
    channels: Annotated[int, Field(ge=1)] = 16  # per direction
    both_ways: bool = True  # False: causal
    poles: Literal["learned", "fixed"] = "learned"
    input_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of features, for a whole sequence
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5  # before the last layer


class Diagonal(nn.Module):
    """Emotion per frame from linear memories and one gate."""

    Config = DiagonalConfig

    def __init__(self, *, n_features: int, config: DiagonalConfig) -> None:
        """Build for F = `n_features`."""
        super().__init__()
        self.input = LowRankInput(n_features, config.columns, config.input_dropout)
        self.memories = nn.ModuleList(
            Memory(config.columns, config.channels, is_learned=config.poles == "learned")
            for _ in range(2 if config.both_ways else 1)
        )
        n_states = 2 * config.channels * len(self.memories)
        self.mix = nn.Linear(n_states + config.columns, 2 * config.columns)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.columns, N_TARGETS)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        columns_BTD = self.input(features_BTF)
        states = [self.memories[0](columns_BTD)]
        states += [memory(columns_BTD.flip(1)).flip(1) for memory in self.memories[1:]]
        mixed_BTD = nn.functional.glu(self.mix(torch.cat([*states, columns_BTD], dim=-1)))
        return self.head(self.dropout(mixed_BTD))  # type: ignore[no-any-return]


class Memory(nn.Module):
    """Complex channels that remember the past of a sequence."""

    log_seconds: Tensor
    angle: Tensor  # per frame

    def __init__(self, columns: int, channels: int, *, is_learned: bool) -> None:
        """Spread the time constants evenly on a log scale; the slower, the slower it turns."""
        super().__init__()
        self.into = nn.Linear(columns, 2 * channels, bias=False)
        seconds_N = torch.logspace(log10(SHORTEST), log10(LONGEST), channels)
        poles = {"log_seconds": seconds_N.log(), "angle": FRAME_SECONDS / seconds_N}
        for name, values_N in poles.items():
            if is_learned:
                self.register_parameter(name, nn.Parameter(values_N))
            else:
                self.register_buffer(name, values_N)

    def forward(self, columns_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, 2 N), the real and imaginary part of every channel."""
        inputs = self.into(columns_BTD).to(self.angle.dtype).unflatten(-1, (-1, 2))
        size_N = torch.exp(-FRAME_SECONDS / self.log_seconds.exp())
        means = running_means(torch.view_as_complex(inputs), torch.polar(size_N, self.angle))
        return torch.view_as_real(means).flatten(start_dim=-2)
