"""The 260 features shipped with DEAM: `DEAM/features/<id>.csv`, separator `;`, one row a frame.

The first column, `frameTime`, is the start of the frame in seconds; a frame belongs to the
annotation with the same time. Where DEAM's folder of features is absent altogether, features
extracted from audio serve; official and extracted ones are never mixed.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.contract import FRAME_SECONDS, DatasetError
from datasets.deam_files import read_table
from datasets.features.cache import AUDIO, EXTRACTED, open_kept_reader
from datasets.features.registry import Reader, extractor_for

ADVICE = "Get it with `python -m benchmark data download features --data-root DATA`."
FOLDER = Path("DEAM", "features")
DESCRIPTORS = (
    *("F0final", "voicingFinalUnclipped", "jitterLocal", "jitterDDP", "shimmerLocal", "logHNR"),
    *("audspec_lengthL1norm", "audspecRasta_lengthL1norm", "pcm_RMSenergy", "pcm_zcr"),
    *(f"audSpec_Rfilt[{band}]" for band in range(26)),
    *(
        f"pcm_fftMag_{name}"
        for name in (
            *("fband250-650", "fband1000-4000"),
            *(f"spectralRollOff{share}.0" for share in (25, 50, 75, 90)),
            *("spectralFlux", "spectralCentroid", "spectralEntropy", "spectralVariance"),
            *("spectralSkewness", "spectralKurtosis", "spectralSlope", "psySharpness"),
            *("spectralHarmonicity", *(f"mfcc[{k}]" for k in range(1, 15))),
        )
    ),
)


def _column(descriptor: str, level: str, statistic: str) -> str:
    """Return DEAM's name of a column: an index comes after the level."""
    name, bracket, index = descriptor.partition("[")
    return f"{name}_{level}{bracket}{index}_{statistic}"


COLUMNS = [
    _column(descriptor, level, statistic)
    for level in ("sma", "sma_de")
    for descriptor in DESCRIPTORS
    for statistic in ("stddev", "amean")
]


def open_reader(data_root: Path) -> Reader:
    """Return a reader of the official files, or of features extracted from audio."""
    folder = data_root / FOLDER
    if not folder.is_dir():
        if not (data_root / AUDIO).is_dir() and not (data_root / EXTRACTED).is_dir():
            raise DatasetError(
                f"Folder {folder} is missing, and so is audio to extract from. {ADVICE}"
            )
        return open_kept_reader(data_root, extractor_for("baseline"))

    def read(song_id: int, times: NDArray[np.float64]) -> NDArray[np.float32]:
        return read_song(folder / f"{song_id}.csv", times)

    return Reader(read)


def read_song(path: Path, times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Pick the feature row of every annotation time."""
    table = read_table(path, ADVICE, sep=";")
    found = [str(name).strip() for name in table.columns]
    if found != ["frameTime", *COLUMNS]:
        pairs = zip(found, ["frameTime", *COLUMNS], strict=False)
        odd = next(
            (f"{name[:40]!r} for {right!r}" for name, right in pairs if name != right), "cut"
        )
        raise DatasetError(
            f"File {path} is damaged: expected frameTime and {len(COLUMNS)} features separated"
            f" by ';', got {len(found)} columns, first difference: {odd}. {ADVICE}"
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
