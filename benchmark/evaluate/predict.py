"""A fitted model and songs become predictions per frame, each frame exactly once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import TrainingDiverged
from datasets.contract import TARGETS, Song
from models.contract import Estimator


def predict_songs(estimator: Estimator, songs: Sequence[Song]) -> list[NDArray[np.float32]]:
    """Return (T, 2) predictions per song, clipped to the scale [-1, 1] of the annotations."""
    return _checked(songs, estimator.predict(songs))


def predict_components(
    estimator: Estimator, songs: Sequence[Song]
) -> dict[str, list[NDArray[np.float32]]]:
    """Return what each part of a model predicts, name -> (T, 2) per song; empty for most models."""
    components = getattr(estimator, "components", None)
    named = components(songs) if components else {}
    return {name: _checked(songs, predicted) for name, predicted in named.items()}


def _checked(
    songs: Sequence[Song], predicted: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """Refuse predictions that do not fit the songs; clip them to the scale."""
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
