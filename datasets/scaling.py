"""Standardise features with the mean and deviation of the training songs alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from datasets.contract import Song


@dataclass(frozen=True, eq=False)
class Scaler:
    """Per-feature mean (F,) and deviation (F,); a feature that never varies keeps deviation 1."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, training_songs: Sequence[Song]) -> Self:
        """Learn mean and deviation over all frames of the training songs."""
        return cls.fit_arrays([song.features for song in training_songs])

    @classmethod
    def fit_arrays(cls, features: Sequence[NDArray[np.floating]]) -> Self:
        """Learn mean and deviation over all rows of arrays (T, F)."""
        frames = np.concatenate(features)
        varies = np.ptp(frames, axis=0) > 0
        deviation = np.where(varies, frames.std(axis=0, dtype=np.float64), 1.0)
        return cls(mean=frames.mean(axis=0, dtype=np.float64), deviation=deviation)

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return standardised float32 features of the same shape (..., F)."""
        scaled: NDArray[np.float32] = ((features - self.mean) / self.deviation).astype(np.float32)
        return scaled
