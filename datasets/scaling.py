"""Standardise features with the mean and deviation of the training songs alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from datasets.contract import Song


@dataclass(frozen=True, eq=False)
class Scaler:
    """Per-feature mean (F,) and deviation (F,); a feature that never varies keeps deviation 1."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, training_songs: Sequence[Song]) -> Self:
        """Learn mean and deviation over all frames of the training songs."""
        fitted = StandardScaler().fit(np.concatenate([song.features for song in training_songs]))
        return cls(mean=fitted.mean_, deviation=fitted.scale_)

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return standardised float32 features of the same shape (..., F)."""
        scaled: NDArray[np.float32] = ((features - self.mean) / self.deviation).astype(np.float32)
        return scaled
