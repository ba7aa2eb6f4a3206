"""The true curves of a dataset, kept once beside the predictions that are held against them.

Files   RESULTS/annotations/<dataset>-<dataset digest>.npz: for every song of the split (T, 3)
        float32, seconds from the start of the recording, valence and arousal on [-1, 1];
        ...-raters.npz, where raters are known: the curves (R, T, 2) of every song's raters
Beware  a dataset's licence applies to this folder too; git ignores it
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.record.places import Place, place
from benchmark.record.reading import read_arrays
from benchmark.record.store import DIGEST_CHARACTERS, write_arrays
from datasets.contract import Split

Curves = dict[str, NDArray[np.float32]]


def annotations_path(results: Path, dataset: str, digest: str) -> Place:
    """Return where the annotations of a dataset lie."""
    return place(results, "annotations", f"{dataset}-{digest[:DIGEST_CHARACTERS]}.npz")


def raters_path(results: Path, dataset: str, digest: str) -> Place:
    """Return where the curves of a dataset's raters lie."""
    stem = annotations_path(results, dataset, digest).stem
    return place(results, "annotations", f"{stem}-raters.npz")


def keep_annotations(results: Path, dataset: str, digest: str, split: Split) -> None:
    """Write the annotations of both sides of a split and their raters, unless they are there."""
    path = annotations_path(results, dataset, digest)
    if not path.is_file():
        write_arrays(
            path,
            {
                song.song_id: np.column_stack([song.times, song.annotations]).astype(np.float32)
                for song in split.songs
            },
        )
    path = raters_path(results, dataset, digest)
    raters = {song.song_id: song.raters.curves_RT2 for song in split.songs if song.raters}
    if raters and not path.is_file():
        write_arrays(path, raters)


def read_annotations(results: Path, dataset: str, digest: str) -> Curves:
    """Return (T, 3) by song id; nothing where they were not kept."""
    return read_arrays(annotations_path(results, dataset, digest))


def read_raters(results: Path, dataset: str, digest: str) -> Curves:
    """Return (R, T, 2) by song id; nothing where raters are not known or were not kept."""
    return read_arrays(raters_path(results, dataset, digest))
