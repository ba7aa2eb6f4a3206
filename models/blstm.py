"""BLSTM: five stacked bidirectional LSTM layers.

Source  Li et al., "DBLSTM-based multi-scale fusion for dynamic emotion prediction in music",
        ICME 2016, as described by Malik et al. 2017, section 3.4
Size    128 units per direction (256 together) give the "about 2 million" parameters of the paper;
        256 per direction would give 44 million for six networks instead of 12
Axes    B sequences, T frames, F features, H = 2 * units
"""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

N_TARGETS = 2  # valence, arousal


@dataclass(frozen=True)
class BLSTMConfig:
    """Depth, width and dropout between layers."""

    layers: Annotated[int, Field(ge=1)] = 5
    units: Annotated[int, Field(ge=1)] = 128  # per direction
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


class BLSTM(nn.Module):
    """Emotion per frame, read forwards and backwards."""

    Config = BLSTMConfig

    def __init__(self, *, n_features: int, config: BLSTMConfig, n_outputs: int = N_TARGETS) -> None:
        """Build for F = `n_features`; other outputs than valence and arousal serve pre-training."""
        super().__init__()
        self.lstm = nn.LSTM(
            n_features,
            config.units,
            num_layers=config.layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.head = nn.Linear(2 * config.units, n_outputs)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        hidden_BTH, _ = self.lstm(features_BTF)
        return self.head(hidden_BTH)  # type: ignore[no-any-return]
