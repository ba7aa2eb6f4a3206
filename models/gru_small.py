"""GRU_small: a low-rank input, then one GRU.

Source  Cho et al. 2014, https://arxiv.org/abs/1406.1078 (GRU)
Size    F D + D + W 3 (U D + U U + 2 U) + 2 (W U + 1), with torch's two biases: 5,458 for F = 260
Axes    B sequences, T frames, F features, D columns, U units, W directions
"""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from models.low_rank import LowRankInput

N_TARGETS = 2  # valence, arousal


@dataclass(frozen=True)
class GRUSmallConfig:
    """Width, direction and dropout."""

    columns: Annotated[int, Field(ge=1)] = 16
    units: Annotated[int, Field(ge=1)] = 8  # per direction
    both_ways: bool = True  # False: causal
    input_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of features, for a whole sequence
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5  # of the GRU's states


class GRUSmall(nn.Module):
    """Emotion per frame from few columns and few units."""

    Config = GRUSmallConfig

    def __init__(self, *, n_features: int, config: GRUSmallConfig) -> None:
        """Build for F = `n_features`."""
        super().__init__()
        n_directions = 2 if config.both_ways else 1
        self.input = LowRankInput(n_features, config.columns, config.input_dropout)
        self.gru = nn.GRU(
            config.columns, config.units, batch_first=True, bidirectional=config.both_ways
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(n_directions * config.units, N_TARGETS)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        states_BTU, _ = self.gru(self.input(features_BTF))
        return self.head(self.dropout(states_BTU))  # type: ignore[no-any-return]
