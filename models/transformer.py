"""Transformer: a low-rank input, then self-attention that fades with distance.

Place   no position is added: a score loses slope * |t - s| for frames t and s, the slopes a
        geometric series over heads, so any length can be predicted
Layer   normalise, attend, add; normalise, two dense layers, add
Source  Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 (transformer); Press et al. 2022,
        https://arxiv.org/abs/2108.12409 (distance in place of position); Xiong et al. 2020,
        https://arxiv.org/abs/2002.04745 (normalisation first)
Size    F D + D + n (4 D D + 4 D + 2 D H + H + D + 4 D) + 2 D + 2 (D + 1), n layers: 6,202 for
        F = 260
Axes    B sequences, T = S frames, F features, D columns, A heads, E = D / A, H hidden units
"""

from typing import Annotated, Self

import torch
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from models.low_rank import LowRankInput

N_TARGETS = 2  # valence, arousal


@dataclass(frozen=True)
class TransformerConfig:
    """Width, depth, direction and dropout."""

    columns: Annotated[int, Field(ge=1)] = 16
    heads: Annotated[int, Field(ge=1)] = 2
    layers: Annotated[int, Field(ge=1)] = 1
    hidden: Annotated[int, Field(ge=1)] = 24
    both_ways: bool = True  # False: causal
    input_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of features, for a whole sequence
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of what every layer adds

    @model_validator(mode="after")
    def _heads_share_the_columns(self) -> Self:
        if self.columns % self.heads:
            raise ValueError(f"columns={self.columns} must be a multiple of heads={self.heads}")
        return self


class Transformer(nn.Module):
    """Emotion per frame from all frames of a sequence, or those before it."""

    Config = TransformerConfig

    def __init__(self, *, n_features: int, config: TransformerConfig) -> None:
        """Build for F = `n_features`."""
        super().__init__()
        self.input = LowRankInput(n_features, config.columns, config.input_dropout)
        self.layers = nn.Sequential(*(Layer(config) for _ in range(config.layers)))
        self.norm = nn.LayerNorm(config.columns)
        self.head = nn.Linear(config.columns, N_TARGETS)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        return self.head(self.norm(self.layers(self.input(features_BTF))))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Attention, then two dense layers, each added to what it is given."""

    def __init__(self, config: TransformerConfig) -> None:
        """Build for D columns; head a of A has the slope 2^(-8 a / A) per frame."""
        super().__init__()
        columns, self.heads, self.both_ways = config.columns, config.heads, config.both_ways
        slopes_A = 2.0 ** (-8 * torch.arange(1, self.heads + 1) / self.heads)
        self.register_buffer("slopes", slopes_A, persistent=False)
        self.norms = nn.ModuleList(nn.LayerNorm(columns) for _ in range(2))
        self.attended = nn.Linear(columns, 3 * columns)  # queries, keys, values
        self.joined = nn.Linear(columns, columns)
        self.dense = nn.Sequential(
            nn.Linear(columns, config.hidden), nn.GELU(), nn.Linear(config.hidden, columns)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, columns_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, D)."""
        seen_BTD: Tensor = self.dropout(self._attend(self.norms[0](columns_BTD)))
        columns_BTD = columns_BTD + seen_BTD
        added_BTD: Tensor = self.dropout(self.dense(self.norms[1](columns_BTD)))
        return columns_BTD + added_BTD

    def _attend(self, columns_BTD: Tensor) -> Tensor:
        by_head = self.attended(columns_BTD).unflatten(-1, (3, self.heads, -1))
        queries_BATE, keys_BASE, values_BASE = by_head.permute(2, 0, 3, 1, 4)
        scores_BATS = queries_BATE @ keys_BASE.mT / queries_BATE.shape[-1] ** 0.5
        weights_BATS = torch.softmax(scores_BATS + self._places(columns_BTD), dim=-1)
        return self.joined((weights_BATS @ values_BASE).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _places(self, columns_BTD: Tensor) -> Tensor:
        """Return what scores lose by distance, (A, T, S); without end where a frame is later."""
        frames_T = torch.arange(columns_BTD.shape[1], device=columns_BTD.device)
        before_TS = frames_T[:, None] - frames_T
        lost_ATS = -self.get_buffer("slopes")[:, None, None] * before_TS.abs()
        return lost_ATS if self.both_ways else lost_ATS.masked_fill(before_TS < 0, -torch.inf)
