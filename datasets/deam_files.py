"""Read DEAM's annotation tables as published, and name the file that is wrong.

Source  A. Aljanaki, Y.-H. Yang, M. Soleymani, "Developing a benchmark for emotional analysis of
        music", PLoS ONE 12(3), 2017; https://cvml.unige.ch/databases/DEAM/
Files   a folder `DEAM/` that holds the untouched release, official names and separators
"""

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.contract import FRAME_SECONDS, TARGETS, DatasetError

ANNOTATIONS = Path(
    "DEAM", "annotations", "annotations averaged per song", "dynamic (per second annotations)"
)
HOW_TO_GET = "Get it with `python -m benchmark data download annotations --data-root DATA`."
MAX_FRAME_DIFFERENCE = 1  # 7 of the 58 full songs have one more value for one of the targets


def require_root(data_root: Path | None) -> Path:
    """Return the data folder, or say which one was expected."""
    if data_root is None:
        raise DatasetError(
            "This dataset needs a data folder that holds DEAM/."
            " Give --data-root FOLDER or set MER_DATA."
        )
    if not (data_root / "DEAM").is_dir():
        raise DatasetError(f"No folder DEAM/ in the data folder {data_root}. {HOW_TO_GET}")
    return data_root


def read_table(path: Path, advice: str, **options: object) -> pd.DataFrame:
    """Read one CSV file, or raise an error that names it and what was expected."""
    if not path.is_file():
        raise DatasetError(f"File {path} is missing. {advice}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pandas warns where a row is longer than the header
            return pd.read_csv(path, low_memory=False, **options)  # type: ignore[call-overload, no-any-return]
    except (ValueError, UnicodeDecodeError, Warning) as error:
        reason = str(error).splitlines()[0]
        raise DatasetError(f"File {path} is damaged ({reason}). {advice}") from error


def read_dynamic_annotations(
    data_root: Path,
) -> dict[int, tuple[NDArray[np.float64], NDArray[np.float32]]]:
    """Read both targets of every song: id -> times (T,) in seconds, annotations (T, 2)."""
    per_target = {
        target: read_target(data_root / ANNOTATIONS / f"{target}.csv") for target in TARGETS
    }
    valence, arousal = (per_target[target] for target in TARGETS)
    if valence.keys() != arousal.keys():
        odd = sorted(valence.keys() ^ arousal.keys())
        fewer = "valence" if len(valence) < len(arousal) else "arousal"
        raise DatasetError(
            f"File {data_root / ANNOTATIONS / fewer}.csv is damaged: {len(odd)} songs are only in"
            f" the other target's file, first {odd[0]}. {HOW_TO_GET}"
        )
    return {song_id: _join(data_root, song_id, per_target) for song_id in valence}


def read_target(path: Path) -> dict[int, pd.Series]:
    """Read one file: id -> values indexed by seconds, trailing blanks dropped."""
    table = read_table(path, HOW_TO_GET)
    try:
        seconds = [int(name.removeprefix("sample_").removesuffix("ms")) / 1000
                   for name in table.columns[1:]]  # fmt: skip
        if table.columns[0] != "song_id" or not seconds:
            raise ValueError(f"first column is {table.columns[0][:40]!r}")
        if not np.allclose(np.diff(seconds), FRAME_SECONDS):
            raise ValueError("its columns are not half a second apart")
        if not path.read_bytes().endswith(b"\n"):
            raise ValueError("its last line has no end: it is cut")
        ids = [int(song_id) for song_id in table["song_id"]]
        values = table.iloc[:, 1:].to_numpy(dtype=np.float32)
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"File {path} is damaged ({error}); expected a header song_id,sample_15000ms,..."
            f" and one row of numbers per song. {HOW_TO_GET}"
        ) from error
    if len(set(ids)) != len(ids):
        raise DatasetError(f"File {path} is damaged: a song id occurs twice. {HOW_TO_GET}")
    n_values = (~np.isnan(values)).sum(axis=1)
    _refuse_odd_values(path, ids, values, n_values)
    index = pd.Index(seconds)  # made once: a list would be turned into one for every song
    return {
        song_id: pd.Series(row[:n], index=index[:n])
        for song_id, row, n in zip(ids, values, n_values, strict=True)
    }


def _refuse_odd_values(
    path: Path, ids: list[int], values: NDArray[np.float32], n_values: NDArray[np.int64]
) -> None:
    """Songs differ in length, so rows end in blanks; a blank before the end is damage."""
    is_inside = np.arange(values.shape[1]) < n_values[:, None]
    is_odd = (np.isnan(values) & is_inside) | (np.abs(values) > 1)
    damaged = np.flatnonzero(is_odd.any(axis=1) | (n_values == 0))
    if len(damaged):
        raise DatasetError(
            f"File {path} is damaged: song {ids[damaged[0]]} has blanks between its values, none at"
            f" all, or values outside [-1, 1]. {HOW_TO_GET}"
        )


def _join(
    data_root: Path, song_id: int, per_target: Mapping[str, Mapping[int, pd.Series]]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    series = [per_target[target][song_id] for target in TARGETS]
    lengths = [len(values) for values in series]
    n_frames = min(lengths)
    if max(lengths) - n_frames > MAX_FRAME_DIFFERENCE:
        shorter = data_root / ANNOTATIONS / f"{TARGETS[lengths.index(n_frames)]}.csv"
        raise DatasetError(
            f"File {shorter} is damaged: song {song_id} has {lengths[0]} valence but {lengths[1]}"
            f" arousal values. {HOW_TO_GET}"
        )
    times = series[0].index.to_numpy(dtype=np.float64)[:n_frames]
    return times, np.stack([values.to_numpy()[:n_frames] for values in series], axis=1)
