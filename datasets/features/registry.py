"""All feature sets of real data, one row each: name -> "module:function" that opens a reader."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

Reader = Callable[[int, NDArray[np.float64]], NDArray[np.float32]]


@dataclass(frozen=True)
class FeatureEntry:
    """One row: where a feature set's reader is opened and what its columns are."""

    target: str  # "module:function" that opens a reader on a data folder
    n_features: int
    summary: str


FEATURES = {
    "baseline": FeatureEntry(
        "datasets.features.deam_features:open_reader",
        260,
        "openSMILE, 65 descriptors and their deltas, mean and deviation per half second",
    ),
    "logmel": FeatureEntry(
        "datasets.features.logmel:open_reader",
        64,
        "log-mel band energies, mean per half second, from audio",
    ),
    "song_means": FeatureEntry(
        "datasets.features.song_means:open_reader",
        130,
        "each song's mean openSMILE descriptors at every frame: an ablation without time",
    ),
}


def reader_for(name: str) -> Callable[[Path], Reader]:
    """Return the function that opens the feature set's reader on a data folder."""
    module, _, function = FEATURES[name].target.partition(":")
    return cast("Callable[[Path], Reader]", getattr(import_module(module), function))
