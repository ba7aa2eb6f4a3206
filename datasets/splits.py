"""Song-level folds: a song's frames are never on both sides of a split."""

from collections.abc import Sequence

import numpy as np

from datasets.contract import DatasetError, Song


def song_folds(songs: Sequence[Song], n_folds: int, seed: int) -> list[list[Song]]:
    """Deal the songs into `n_folds` disjoint folds whose sizes differ by at most one.

    Within a fold the songs keep the order in which they came.
    """
    if not 2 <= n_folds <= len(songs):
        raise DatasetError(
            f"Cannot deal {len(songs)} songs into {n_folds} folds;"
            f" give between 2 and {len(songs)} folds."
        )
    fold_of_song = np.random.default_rng(seed).permutation(len(songs)) % n_folds
    return [
        [song for song, fold in zip(songs, fold_of_song, strict=True) if fold == index]
        for index in range(n_folds)
    ]


def hold_out(songs: Sequence[Song], fraction: float, seed: int) -> tuple[list[Song], list[Song]]:
    """Split songs into (training, held out); at least one song lands on each side."""
    n_held_out = max(1, round(fraction * len(songs)))
    if n_held_out >= len(songs):
        raise DatasetError(
            f"Cannot hold out {fraction:.0%} of {len(songs)} songs and still train;"
            " give more songs or a smaller fraction."
        )
    order = np.random.default_rng(seed).permutation(len(songs))
    held_out = set(order[:n_held_out].tolist())
    return (
        [song for index, song in enumerate(songs) if index not in held_out],
        [song for index, song in enumerate(songs) if index in held_out],
    )
