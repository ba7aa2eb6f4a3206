"""The 260 features shipped with DEAM: `DEAM/features/<id>.csv`, separator `;`, one row a frame.

The first column, `frameTime`, is the start of the frame in seconds; a frame belongs to the
annotation with the same time.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.contract import FRAME_SECONDS, DatasetError
from datasets.deam_files import read_table
from datasets.features.registry import FEATURES, Reader

ADVICE = "Get features.zip from https://cvml.unige.ch/databases/DEAM/ and unpack it into DEAM/."
FOLDER = Path("DEAM", "features")


def open_reader(data_root: Path) -> Reader:
    """Return a reader of the official per-song files."""
    folder = data_root / FOLDER
    if not folder.is_dir():
        raise DatasetError(f"Folder {folder} is missing. {ADVICE}")

    def read(song_id: int, times: NDArray[np.float64]) -> NDArray[np.float32]:
        return _read_song(folder / f"{song_id}.csv", times)

    return read


def _read_song(path: Path, times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Pick the feature row of every annotation time."""
    table = read_table(path, ADVICE, sep=";")
    n_expected = FEATURES["baseline"].n_features
    if table.columns[0] != "frameTime" or table.shape[1] != 1 + n_expected:
        raise DatasetError(
            f"File {path} is damaged: expected frameTime and {n_expected} features separated"
            f" by ';', got {table.shape[1]} columns, the first {table.columns[0]!r}. {ADVICE}"
        )
    is_numeric = all(kind.kind in "fi" for kind in table.dtypes)
    values = table.to_numpy(dtype=np.float64) if is_numeric else np.array(np.nan)
    if not np.isfinite(values).all():
        raise DatasetError(f"File {path} is damaged: blanks or text among the numbers. {ADVICE}")
    frame_of_time = {
        frame: row for row, frame in enumerate(np.rint(values[:, 0] / FRAME_SECONDS).astype(int))
    }
    wanted = np.rint(times / FRAME_SECONDS).astype(int)
    absent = [frame * FRAME_SECONDS for frame in wanted if frame not in frame_of_time]
    if absent:
        raise DatasetError(
            f"File {path} has no features for {len(absent)} of {len(times)} annotated frames"
            f" (first at {absent[0]:.1f} s); it is cut. {ADVICE}"
        )
    rows = [frame_of_time[frame] for frame in wanted]
    return values[rows, 1:].astype(np.float32)
