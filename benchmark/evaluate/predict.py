"""A fitted model and songs become predictions per frame, each frame exactly once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import TrainingDiverged
from datasets.contract import TARGETS, Song
from models.contract import Estimator


def predict_songs(estimator: Estimator, songs: Sequence[Song]) -> list[NDArray[np.float32]]:
    """Return (T, 2) predictions per song, clipped to the scale [-1, 1] of the annotations."""
    predicted = estimator.predict(songs)
    if len(predicted) != len(songs):
        raise ValueError(f"{len(songs)} songs went in, {len(predicted)} predictions came out")
    for song, one in zip(songs, predicted, strict=True):
        if one.shape != (song.n_frames, len(TARGETS)):
            raise ValueError(
                f"song {song.song_id}: predictions {one.shape}, expected ({song.n_frames}, 2)"
            )
        if not np.isfinite(one).all():
            raise TrainingDiverged(f"song {song.song_id}: predictions hold NaN or inf")
    return [np.clip(one, -1, 1) for one in predicted]
