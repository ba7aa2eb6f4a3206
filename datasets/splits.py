"""Folds and hold-outs: the frames of a song, and the songs of a family, stay on one side."""

from collections import defaultdict
from collections.abc import Sequence
from unicodedata import normalize

import numpy as np

from datasets.contract import DatasetError, Song


def song_folds(songs: Sequence[Song], n_folds: int, seed: int) -> list[list[Song]]:
    """Deal the songs into `n_folds` disjoint folds of nearly equal size, a family into one fold.

    The largest families are dealt first, each to the smallest fold so far, equal ones in random
    order; without families the sizes differ by at most one. Within a fold the songs keep the
    order in which they came.
    """
    families = families_of(songs)
    unit = "families" if len(families) < len(songs) else "songs"
    if not 2 <= n_folds <= len(families):
        possible = f"give between 2 and {len(families)} folds, or more {unit}"
        raise DatasetError(
            f"Cannot deal {len(families)} {unit} into {n_folds} folds;"
            f" {possible if len(families) > 1 else f'give more {unit}'}."
        )
    ranks = np.random.default_rng(seed).permutation(len(families))
    fold_of_song: dict[str, int] = {}
    sizes = [0] * n_folds
    for members, _ in sorted(
        zip(families, ranks, strict=True), key=lambda pair: (-len(pair[0]), pair[1])
    ):
        smallest = sizes.index(min(sizes))
        sizes[smallest] += len(members)
        fold_of_song |= {song.song_id: smallest for song in members}
    return [
        [song for song in songs if fold_of_song[song.song_id] == index] for index in range(n_folds)
    ]


def up_to_folds(songs: Sequence[Song], n_folds: int, seed: int) -> list[list[Song]]:
    """Deal the songs into `n_folds` folds, or where families are fewer into one a family."""
    return song_folds(songs, max(2, min(n_folds, len(families_of(songs)))), seed)


def hold_out(songs: Sequence[Song], fraction: float, seed: int) -> tuple[list[Song], list[Song]]:
    """Split songs into (training, held out), whole families at a time; neither side is empty.

    Families come in random order; one is held out where that brings the number of songs nearer to
    the fraction asked for. A family larger than that fraction would be the whole hold-out, so it
    is left out unless every family is.
    """
    families = families_of(songs)
    wanted = max(1, round(fraction * len(songs)))
    if wanted >= len(songs) or len(families) < 2:
        unit = " in one family" if len(families) == 1 and len(songs) > 1 else ""
        raise DatasetError(
            f"Cannot hold out {fraction:.0%} of {len(songs)} songs{unit} and still train;"
            " give more songs or a smaller fraction."
        )
    held_out: set[str] = set()
    order = np.random.default_rng(seed).permutation(len(families))
    for members in [families[index] for index in order]:
        before, after = len(held_out), len(held_out) + len(members)
        is_nearer = abs(after - wanted) < abs(before - wanted)
        if is_nearer and len(members) <= wanted and after < len(songs):
            held_out |= {song.song_id for song in members}
    held_out = held_out or {song.song_id for song in min(families, key=len)}
    return (
        [song for song in songs if song.song_id not in held_out],
        [song for song in songs if song.song_id in held_out],
    )


def family_key(name: str) -> str:
    """Return what different ways of writing a family have in common: case, blanks, encoding."""
    return " ".join(normalize("NFKC", name).casefold().split())


def families_of(songs: Sequence[Song]) -> list[list[Song]]:
    """Group songs by family, in the order they came; a song without one is a family of its own."""
    families: dict[tuple[str, str], list[Song]] = defaultdict(list)
    for song in songs:
        families["family" if song.family else "song", song.family or song.song_id].append(song)
    return list(families.values())
