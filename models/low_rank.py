"""The input that compact models share: a few linear combinations of the features.

Most of a small network's parameters are here: F D + D, which for 260 features and 16 columns are
4,176.

Axes    B sequences, T frames, F features, D columns
"""

import torch
from torch import Tensor, nn


class LowRankInput(nn.Module):
    """A linear map to few columns; while training, features are dropped for a whole sequence."""

    def __init__(self, n_features: int, columns: int, dropout: float) -> None:
        """Build for F = `n_features` and D = `columns`."""
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(n_features, columns)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) to (B, T, D)."""
        if self.training:  # frame by frame, a long memory would average the dropping out
            features_BTF = features_BTF * self.dropout(torch.ones_like(features_BTF[:, :1]))
        return self.linear(features_BTF)  # type: ignore[no-any-return]
