"""A fitted model and songs become predictions per frame, each frame exactly once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import TrainingDiverged
from datasets.contract import TARGETS, AnySong, Song, UnannotatedSong
from models.contract import Estimator


def predict_songs(estimator: Estimator, songs: Sequence[AnySong]) -> list[NDArray[np.float32]]:
    """Return (T, 2) predictions per song, clipped to the scale [-1, 1] of the annotations.

    The model is given the songs without their annotations.
    """
    unseen = without_annotations(songs)
    return _checked(unseen, estimator.predict(unseen))


def predict_components(
    estimator: Estimator, songs: Sequence[AnySong]
) -> dict[str, list[NDArray[np.float32]]]:
    """Return the predictions of each component, name -> (T, 2) per song; empty for most models."""
    unseen = without_annotations(songs)
    named = estimator.components(unseen)
    if wrong := [name for name in named if not isinstance(name, str)]:
        raise TypeError(f"components are named by text, not by a {type(wrong[0]).__name__}")
    return {name: _checked(unseen, predicted) for name, predicted in named.items()}


def without_annotations(songs: Sequence[AnySong]) -> list[UnannotatedSong]:
    """Return what a model may see of songs that it predicts."""
    return [song.without_annotations() if isinstance(song, Song) else song for song in songs]


def _checked(
    songs: Sequence[UnannotatedSong], predicted: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """Refuse predictions that do not fit the songs; clip them to the scale."""
    if len(predicted) != len(songs):
        raise ValueError(f"{len(songs)} songs went in, {len(predicted)} predictions came out")
    return [_checked_song(song, series) for song, series in zip(songs, predicted, strict=True)]


def _checked_song(song: UnannotatedSong, predicted: object) -> NDArray[np.float32]:
    """Return a song's predictions as real numbers (T, 2) on [-1, 1]."""
    values = np.asarray(predicted)
    if values.dtype.kind not in "fiu":
        raise TypeError(f"song {song.song_id}: predictions {values.dtype}, expected real numbers")
    if values.shape != (song.n_frames, len(TARGETS)):
        raise ValueError(
            f"song {song.song_id}: predictions {values.shape}, expected ({song.n_frames}, 2)"
        )
    if not np.isfinite(values).all():
        raise TrainingDiverged(f"song {song.song_id}: predictions hold NaN or inf")
    floats = values if values.dtype in (np.float32, np.float64) else values.astype(np.float32)
    clipped: NDArray[np.float32] = np.clip(floats, -1, 1)
    return clipped
