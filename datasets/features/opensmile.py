"""The 260 baseline features from audio, through openSMILE (only door to opensmile).

Source  F. Eyben et al., openSMILE, https://audeering.github.io/opensmile/; the 65 low-level
        descriptors of the set IS13 ComParE (Weninger et al. 2013) and their deltas, frames of
        20 or 60 ms every 10 ms, mean and population deviation over half seconds: what DEAM ships
Order   DEAM's own columns; openSMILE calls `mfcc_sma[k]` what DEAM calls `pcm_fftMag_mfcc_sma[k]`
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.audio import SAMPLING_RATE, n_half_seconds
from datasets.contract import FRAME_SECONDS, DatasetError
from datasets.features.deam_features import COLUMNS

VERSION = 1  # raise it when the same configuration would give other numbers
CONFIGURATION = "half_seconds.conf"
DESCRIPTORS = "is09-13/IS13_ComParE_core.lld.conf.inc"
LOUDEST = 32_767 / 32_768  # openSMILE takes 16 bits and would wrap around above
LICENCE = (
    "openSMILE (c) audEERING GmbH: free for research and other non-commercial use, licence at"
    " https://github.com/audeering/opensmile-python/blob/main/LICENSE"
)
MISSING = (
    "Feature set baseline from audio needs the package opensmile. Install it with"
    f" pip install 'mer-benchmark[opensmile]' if its licence allows your use. {LICENCE}"
)


@dataclass(frozen=True)
class OpenSmile:
    """One pass of openSMILE over a recording."""

    name: str = "baseline"
    n_features: int = len(COLUMNS)

    def digest(self) -> str:
        """Return eight characters that change with the configuration."""
        text = files("datasets.features").joinpath(CONFIGURATION).read_text()
        return hashlib.sha256(f"{VERSION} {DESCRIPTORS} {text}".encode()).hexdigest()[:8]

    def columns(self) -> list[str]:
        """Return DEAM's names."""
        return COLUMNS

    def prepare(self) -> None:
        """Say how to get openSMILE if it is missing; it is loaded at the first recording."""
        if find_spec("opensmile") is None:
            raise DatasetError(MISSING)

    def made_by(self) -> str:
        """Name openSMILE's version."""
        return f"opensmile {version('opensmile')}"

    def extract(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n_half_seconds, 260).

        The end is mirrored, so that a last half second that is cut short is complete.
        """
        n_mirrored = round(FRAME_SECONDS * SAMPLING_RATE)
        longer = np.clip(np.pad(samples, (0, n_mirrored), mode="reflect"), -1, LOUDEST)
        rows_NF: NDArray[np.float32] = self._smile(longer, SAMPLING_RATE)[0].T
        return rows_NF[: n_half_seconds(samples)]

    @cached_property
    def _smile(self) -> Any:
        """Set openSMILE up and check that its columns are DEAM's."""
        self.prepare()
        import opensmile

        smile = opensmile.Smile(
            feature_set=str(files("datasets.features").joinpath(CONFIGURATION)),
            feature_level="func",
            options={"descriptors": shipped_configuration(DESCRIPTORS)},
        )
        names = [name.replace("mfcc_sma", "pcm_fftMag_mfcc_sma") for name in smile.feature_names]
        if names != COLUMNS:
            raise DatasetError(
                f"opensmile {version('opensmile')} gives other columns than DEAM's 260;"
                " install opensmile 2.6."
            )
        return smile


def shipped_configuration(name: str) -> str:
    """Return the path of a configuration file that comes with openSMILE."""
    return str(files("opensmile").joinpath("core", "config", name))


def extractor() -> OpenSmile:
    """Return the extractor; openSMILE itself is loaded at the first recording."""
    return OpenSmile()
