"""What every dataset hands over: songs, and which of them may be learned from.

Axes    T frames of one song, F features per frame, 2 targets in the order of `TARGETS`
Units   annotations on [-1, 1]; times in seconds from the start of the recording
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

TARGETS = ("valence", "arousal")
FRAME_SECONDS = 0.5  # MediaEval and DEAM are rated at 2 Hz


class DatasetError(ValueError):
    """Data that is missing, damaged or impossible; the message says how to mend it."""


@dataclass(frozen=True, eq=False)
class Song:
    """One song: float32 features (T, F), float32 annotations (T, 2), times (T,) in seconds."""

    song_id: str
    features: NDArray[np.float32]
    annotations: NDArray[np.float32]
    times: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse shapes that do not agree, values that are not finite, labels off the scale."""
        n_frames = len(self.times)
        if n_frames == 0:
            raise DatasetError(f"Song {self.song_id} has no frames; at least one is needed.")
        if self.features.ndim != 2 or self.annotations.shape != (n_frames, len(TARGETS)):
            raise DatasetError(
                f"Song {self.song_id}: expected features (T, F), annotations (T, 2) and times (T,),"
                f" got {self.features.shape}, {self.annotations.shape} and {self.times.shape}."
            )
        if len(self.features) != n_frames:
            raise DatasetError(
                f"Song {self.song_id} has {len(self.features)} feature frames"
                f" for {n_frames} annotations; give one row per half second."
            )
        if not np.isfinite(self.features).all() or not np.isfinite(self.annotations).all():
            raise DatasetError(f"Song {self.song_id} holds NaN or inf; every frame must be finite.")
        if np.abs(self.annotations).max() > 1:
            raise DatasetError(
                f"Song {self.song_id} has an annotation of {np.abs(self.annotations).max():.3g};"
                " valence and arousal lie in [-1, 1]."
            )

    @property
    def n_frames(self) -> int:
        """Number of half-second frames, T."""
        return len(self.times)


def unrated(song_id: str, features: NDArray[np.float32]) -> Song:
    """Return a song nobody has rated, from second 0 on; its annotations are zeros, not to be used.

    Models predict it like any other: `predict` sees features alone.
    """
    times = FRAME_SECONDS * np.arange(len(features), dtype=np.float64)
    return Song(song_id, features, np.zeros((len(features), len(TARGETS)), np.float32), times)


@dataclass(frozen=True, eq=False)
class Split:
    """Songs to learn from and songs to be judged on; a song is never on both sides.

    `references` are predictions that need knowledge no model has (a noise floor, say): one
    (T, 2) array per evaluation song, drawn as lines beside the models.
    """

    development: tuple[Song, ...]
    evaluation: tuple[Song, ...]
    references: Mapping[str, tuple[NDArray[np.float32], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse empty sides, songs on both sides and unequal feature widths."""
        if not self.development or not self.evaluation:
            raise DatasetError(
                f"A split needs songs on both sides, got {len(self.development)} development"
                f" and {len(self.evaluation)} evaluation songs."
            )
        ids = [song.song_id for song in self.development + self.evaluation]
        repeated = sorted({song_id for song_id in ids if ids.count(song_id) > 1})
        if repeated:
            raise DatasetError(
                f"Song ids must be unique across a split; repeated: {repeated[:5]}."
                " Name each song once, on one side."
            )
        widths = {song.features.shape[1] for song in self.development + self.evaluation}
        if len(widths) != 1:
            raise DatasetError(f"All songs need the same number of features, got {sorted(widths)}.")

    @property
    def n_features(self) -> int:
        """Features per frame, F."""
        return int(self.development[0].features.shape[1])

    def digest(self) -> str:
        """Return a sha256 over ids, sides, features, annotations and times."""
        sha = hashlib.sha256()
        for side in (self.development, self.evaluation):
            sha.update(f"side of {len(side)} songs".encode())
            for song in side:
                sha.update(f"{song.song_id} {song.features.shape}".encode())
                for array in (song.features, song.annotations, song.times):
                    sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()
