"""All feature sets of real data, one row each: what the columns are and where they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from datasets.features.function import FunctionExtractor

Rows = Callable[[int, NDArray[np.float64]], NDArray[np.float32]]


@dataclass(frozen=True)
class Reader:
    """Reads the features (T, F) of DEAM's songs by id and annotation times in seconds."""

    rows: Rows
    made_by: Callable[[], str] = lambda: ""  # asked once songs are read; "": by other code

    def __call__(self, song_id: int, times: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return one row per time."""
        return self.rows(song_id, times)


class Extractor(Protocol):
    """Audio becomes features; the name and digest decide where they are kept."""

    @property
    def name(self) -> str:
        """The feature set."""

    @property
    def n_features(self) -> int:
        """Columns per frame, F."""

    def digest(self) -> str:
        """Return eight characters that change with any setting and with the version."""

    def columns(self) -> Sequence[str]:
        """Name the F columns, for people."""

    def prepare(self) -> None:
        """Load what is needed, or say what is missing."""

    def made_by(self) -> str:
        """Name the library at work and its version."""

    def extract(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map samples (N,) at 44.1 kHz to features (frames, F), one row per half second."""


@dataclass(frozen=True, kw_only=True)
class FeatureEntry:
    """One row: what the columns are, and how they are made from audio or read.

    Either `extractor` makes them from audio, or `function` does, which maps samples (N,) at
    44.1 kHz to features (frames, F), one row per half second; or they are read alone.
    """

    summary: str
    n_features: int
    extractor: str | Callable[[], Extractor] | None = None  # "module:function"
    function: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    reader: str | None = None  # "module:function" that opens one on DEAM's folder; None: extracted
    version: str = "1"  # of the function

    @property
    def is_from_audio(self) -> bool:
        """Tell whether any recording can have these features."""
        return self.extractor is not None or self.function is not None


FEATURES = {
    "baseline": FeatureEntry(
        summary="openSMILE, 65 descriptors and their deltas, mean and deviation per half second",
        n_features=260,
        extractor="datasets.features.opensmile:extractor",
        reader="datasets.features.deam_features:open_reader",
    ),
    "logmel": FeatureEntry(
        summary="64 log-mel band energies, mean per half second, from audio",
        n_features=64,
        extractor="datasets.features.logmel:extractor",
    ),
    "logmel32": FeatureEntry(
        summary="32 log-mel band energies, mean and deviation per half second, from audio",
        n_features=64,
        extractor="datasets.features.logmel:extractor_32",
    ),
    "song_means": FeatureEntry(
        summary="each song's mean openSMILE descriptors at every frame: an ablation without time",
        n_features=130,
        reader="datasets.features.song_means:open_reader",
    ),
}


def open_reader(name: str, data_root: Path) -> Reader:
    """Return a reader of a feature set of DEAM's songs in a data folder."""
    entry = FEATURES[name]
    if entry.reader is not None:
        reader: Reader = resolve_name(entry.reader)(data_root)
        return reader
    from datasets.features.cache import open_kept_reader

    return open_kept_reader(data_root, extractor_for(name))


def from_audio() -> list[str]:
    """Return the feature sets that can be made from audio."""
    return [name for name, entry in FEATURES.items() if entry.is_from_audio]


def extractor_for(name: str) -> Extractor:
    """Return the extractor of a feature set that is made from audio."""
    entry = FEATURES[name]
    if entry.function is not None:
        return FunctionExtractor(name, entry.n_features, entry.function, entry.version)
    assert entry.extractor is not None, f"feature set {name} is not made from audio"
    make = resolve_name(entry.extractor) if isinstance(entry.extractor, str) else entry.extractor
    extractor: Extractor = make()
    return extractor
