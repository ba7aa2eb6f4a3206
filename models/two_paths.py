"""Two paths: the level of a song from running means, its changes from nearby frames.

Input   a low-rank map, shared by both paths
Slow    running means of the columns over several time constants, the plain mean at first; in both
        directions these of the future too
Fast    the columns less their slowest mean of the past, through a depthwise convolution of K frames
Source  Imbrasaite et al. 2013, IEEE ICME Workshops (features relative to their mean);
        Feichtenhofer et al. 2019, https://arxiv.org/abs/1812.03982 (a slow and a fast path)
Size    F D + D + (M D W H + H) + (K D + D + D H + H) + 2 (2 H + 1): 5,872 for F = 260
Axes    B sequences, T frames, F features, D columns, M time constants, W directions, K kernel,
        H units
"""

from typing import Annotated

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from datasets.contract import FRAME_SECONDS
from models.low_rank import LowRankInput
from models.recurrence import running_means

N_TARGETS = 2  # valence, arousal


@dataclass(frozen=True)
class TwoPathsConfig:
    """Width, memory, direction and dropout."""

    columns: Annotated[int, Field(ge=1)] = 16
    units: Annotated[int, Field(ge=1)] = 13  # of either path
    time_constants: Annotated[
        tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)
    ] = (5.0, 20.0, 60.0)  # seconds, of the slow path  # fmt: skip
    kernel: Annotated[int, Field(ge=1)] = 9  # frames, of the fast path
    both_ways: bool = True  # False: causal
    input_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of features, for a whole sequence
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5  # of the units


class TwoPaths(nn.Module):
    """Emotion per frame: a level and what a frame adds to it."""

    Config = TwoPathsConfig

    def __init__(self, *, n_features: int, config: TwoPathsConfig) -> None:
        """Build for F = `n_features`."""
        super().__init__()
        columns, self.both_ways = config.columns, config.both_ways
        decay_M = torch.exp(-FRAME_SECONDS / torch.tensor(sorted(config.time_constants)))
        self.register_buffer("decay", decay_M.repeat_interleave(columns), persistent=False)
        n_means = len(decay_M) * columns * (2 if config.both_ways else 1)
        after = config.kernel // 2 if config.both_ways else 0
        self.ends = (config.kernel - 1 - after, after)  # zeros before and after a sequence
        self.input = LowRankInput(n_features, columns, config.input_dropout)
        self.slow = nn.Linear(n_means, config.units)
        self.over_time = nn.Conv1d(columns, columns, config.kernel, groups=columns)
        self.fast = nn.Linear(columns, config.units)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * config.units, N_TARGETS)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        columns_BTD = self.input(features_BTF)
        past = self._means(columns_BTD)
        means = [past, self._means(columns_BTD.flip(1)).flip(1)] if self.both_ways else [past]
        changes_BTD = columns_BTD - past[..., -columns_BTD.shape[-1] :]
        near_BTD = self.over_time(nn.functional.pad(changes_BTD.mT, self.ends)).mT
        units = [self.slow(torch.cat(means, dim=-1)), self.fast(torch.relu(near_BTD))]
        return self.head(self.dropout(torch.relu(torch.cat(units, dim=-1))))  # type: ignore[no-any-return]

    def _means(self, columns_BTD: Tensor) -> Tensor:
        """Return the running means (B, T, M D), the slowest last."""
        decay = self.get_buffer("decay")
        n_constants = len(decay) // columns_BTD.shape[-1]
        return running_means(columns_BTD.to(decay.dtype).repeat(1, 1, n_constants), decay)
