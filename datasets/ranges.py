"""The range of features a model learned from, and how far a recording lies outside it.

Measure  how far a value lies below the lowest or above the highest learned value, in widths of the
         learned range; a feature that never varied counts in its own units, as it is scaled
Limits   a frame lies outside where a feature is more than half a range beyond, a recording where
         more than one frame in 20 is. A new song often goes a little beyond: of 200 VGMIDI pieces,
         each against the 199 others, none is outside for `baseline` and 1 for `logmel`; of ten DEAM
         clips from second 15, each against nine (too few to learn from), 2 and none. The same clips
         are unlike all 200 pieces: 10 are outside for `baseline`, 8 for `logmel` (9 as whole clips)
Axes     T frames, F features
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from datasets.contract import FRAME_SECONDS, Song

TOLERANCE = 0.5  # learned ranges
SHARE = 0.05  # of a recording's frames


@dataclass(frozen=True)
class Outside:
    """How many of a recording's frames lie outside, and the value that lies farthest."""

    n_frames: int
    n_counted: int
    column: int
    frame: int
    distance: float  # learned ranges, or own units where nothing varied; above 0: too high
    is_constant: bool  # all learned values of the column are equal

    @property
    def is_much(self) -> bool:
        """Tell whether more frames lie outside than a song of the same kind has."""
        return self.n_frames > SHARE * self.n_counted


@dataclass(frozen=True, eq=False)
class FeatureRange:
    """Lowest and highest value (F,) of every feature, and the first second learned from."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    first_seconds: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        both = np.array([self.low, self.high])  # refuses lengths that differ
        if not (np.isfinite(both).all() and (self.low <= self.high).all()):
            raise ValueError("lowest and highest values of features form no range")

    @classmethod
    def of(cls, songs: Sequence[Song]) -> Self:
        """Return the range of all frames of songs."""
        return cls(
            np.min([song.features.min(axis=0) for song in songs], axis=0),
            np.max([song.features.max(axis=0) for song in songs], axis=0),
            float(min(song.times[0] for song in songs)),
        )

    def outside(self, features_TF: NDArray[np.float32], first: int = 0) -> Outside:
        """Count the frames outside, and find the value farthest outside; frames start at `first`.

        Raises ValueError where there are no frames.
        """
        beyond_TF = self._beyond(features_TF.astype(np.float64))
        distance_TF = np.abs(beyond_TF)
        frame, column = np.unravel_index(distance_TF.argmax(), distance_TF.shape)
        return Outside(
            n_frames=int((distance_TF.max(axis=1) > TOLERANCE).sum()),
            n_counted=len(features_TF),
            column=int(column),
            frame=first + int(frame),
            distance=float(beyond_TF[frame, column]),
            is_constant=bool(self.low[column] == self.high[column]),
        )

    def first_frame(self, n_frames: int) -> int:
        """Return the frame of a recording from which on it is compared.

        A dataset that leaves out the start of every song has nothing to compare it with: filters
        and differences that begin with the sound give values there which no later frame has. The
        start counts where a recording has nothing else.
        """
        first = round(self.first_seconds / FRAME_SECONDS)
        return first if first < n_frames else 0

    def _beyond(self, features_TF: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far values lie below (negative) or above the range, in its widths."""
        low, high = self.low.astype(np.float64), self.high.astype(np.float64)
        width_F = np.where(high > low, high - low, 1.0)
        above_TF, below_TF = features_TF - high, features_TF - low
        return np.where(above_TF > 0, above_TF, np.where(below_TF < 0, below_TF, 0.0)) / width_F
