"""Song-level means of 130 openSMILE descriptors, repeated at every frame.

An ablation that removes time from the input: what a model scores with it, it owes to the song.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.contract import DatasetError
from datasets.deam_files import read_table
from datasets.features.registry import FEATURES, Reader

SONG_LEVEL_FILE = Path("mediaeval2015", "song_level_features.csv")
ADVICE = "It holds one row of 130 descriptor means per song, columns song_id,<name>_amean,..."


def open_reader(data_root: Path) -> Reader:
    """Read the table once and return its reader."""
    path = data_root / SONG_LEVEL_FILE
    table = read_table(path, ADVICE, index_col=0)
    n_expected = FEATURES["song_means"].n_features
    if table.shape[1] != n_expected or table.index.name != "song_id":
        raise DatasetError(
            f"File {path} is damaged: expected song_id and {n_expected} feature columns,"
            f" got {table.index.name} and {table.shape[1]}. {ADVICE}"
        )
    if not all(kind.kind in "fi" for kind in table.dtypes) or table.isna().any(axis=None):
        raise DatasetError(f"File {path} is damaged: blanks or text among the numbers. {ADVICE}")
    rows = table.to_numpy(np.float32)
    means = {int(song_id): row for song_id, row in zip(table.index, rows, strict=True)}

    def read(song_id: int, times: NDArray[np.float64]) -> NDArray[np.float32]:
        if song_id not in means:
            raise DatasetError(f"File {path} has no row for song {song_id}; it is cut. {ADVICE}")
        return np.tile(means[song_id], (len(times), 1))

    return Reader(read)
