"""All feature sets of real data, one row each: what the columns are and where they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class FeatureEntry:
    """One row: where a feature set's reader is opened and what its columns are."""

    target: str  # "module:function" that opens a reader on a data folder
    n_features: int
    summary: str
    extractor: str | None = None  # "module:function" that returns an `Extractor`; None: no audio


FEATURES = {
    "baseline": FeatureEntry(
        "datasets.features.deam_features:open_reader",
        260,
        "openSMILE, 65 descriptors and their deltas, mean and deviation per half second",
        "datasets.features.opensmile:extractor",
    ),
    "logmel": FeatureEntry(
        "datasets.features.logmel:open_reader",
        64,
        "64 log-mel band energies, mean per half second, from audio",
        "datasets.features.logmel:extractor",
    ),
    "logmel32": FeatureEntry(
        "datasets.features.logmel:open_reader_32",
        64,
        "32 log-mel band energies, mean and deviation per half second, from audio",
        "datasets.features.logmel:extractor_32",
    ),
    "song_means": FeatureEntry(
        "datasets.features.song_means:open_reader",
        130,
        "each song's mean openSMILE descriptors at every frame: an ablation without time",
    ),
}


def reader_for(name: str) -> Callable[[Path], Reader]:
    """Return the function that opens the feature set's reader on a data folder."""
    return cast("Callable[[Path], Reader]", resolve_name(FEATURES[name].target))


def from_audio() -> list[str]:
    """Return the feature sets that can be made from audio."""
    return [name for name, entry in FEATURES.items() if entry.extractor is not None]


def extractor_for(name: str) -> Extractor:
    """Return the extractor of a feature set that is made from audio."""
    target = FEATURES[name].extractor
    assert target is not None, f"feature set {name} is not made from audio"
    return cast("Extractor", resolve_name(target)())
