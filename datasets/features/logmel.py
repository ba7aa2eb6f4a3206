"""Log-mel band energies per half second, from audio (only door to librosa).

Source  McFee et al., librosa; Malik et al. 2017, section 3.2.2 ("in a similar fashion to the
        baseline feature set": frames of 60 ms every 10 ms, averaged over 500 ms). The paper's
        "about 10 k" parameters fit 64 columns, which may be 64 bands or the mean and deviation
        of 32: both are feature sets.
Units   decibels relative to a power of 1, not below -80
Axes    N samples, B bands, F columns, 50 spectra per half second
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from datasets.audio import SAMPLING_RATE, n_half_seconds
from datasets.contract import FRAME_SECONDS

VERSION = 2  # raise it when the same settings would give other numbers
BLOCK_HALF_SECONDS = 60  # spectra held in memory at once, whatever the length of the recording
POWER_FLOOR = (
    1e-8  # what 16-bit rounding leaves in a band: below it values would depend on the format
)


@dataclass(frozen=True)
class LogMel:
    """How audio becomes bands."""

    name: str = "logmel"
    bands: int = 64
    statistics: tuple[Literal["mean", "deviation"], ...] = ("mean",)
    frame_seconds: float = 0.06
    hop_seconds: float = 0.01
    sampling_rate: int = SAMPLING_RATE
    version: int = VERSION

    @property
    def n_features(self) -> int:
        """Columns per half second: every band's mean, then every band's deviation."""
        return self.bands * len(self.statistics)

    def digest(self) -> str:
        """Return eight characters that change with any setting."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]

    def columns(self) -> list[str]:
        """Name every band, from the lowest, and what is known of it."""
        return [f"{s} of band {k}" for s in self.statistics for k in range(1, self.bands + 1)]

    def prepare(self) -> None:
        """Nothing to do: librosa is always installed."""

    def made_by(self) -> str:
        """Name librosa's version."""
        return f"librosa {version('librosa')}"

    def extract(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n_half_seconds, F); spectrum n is centred on n times the hop.

        One thread computes, so the last digits do not depend on how many there are.
        """
        with threadpool_limits(limits=1):
            return self._extract(samples)

    def _extract(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        n_windows, per_window = n_half_seconds(samples), round(FRAME_SECONDS / self.hop_seconds)
        n_spectra = min(1 + len(samples) // self._hop, n_windows * per_window)
        before = self._n_fft // 2
        padded = np.pad(samples, (before, before))
        rows = []
        per_block = BLOCK_HALF_SECONDS * per_window
        for first in range(0, n_spectra, per_block):
            last = min(first + per_block, n_spectra) - 1
            block = padded[first * self._hop : last * self._hop + self._n_fft]
            decibels_KB = self._decibels(block)
            for start in range(0, len(decibels_KB), per_window):
                window_KB = decibels_KB[start : start + per_window]
                rows.append(np.concatenate([self._summary(window_KB, s) for s in self.statistics]))
        return np.stack(rows).astype(np.float32)

    @staticmethod
    def _summary(window_KB: NDArray[np.float32], statistic: str) -> NDArray[np.float32]:
        """Return one number per band of a window's spectra."""
        summary: NDArray[np.float32] = (
            window_KB.mean(axis=0) if statistic == "mean" else window_KB.std(axis=0)
        )
        return summary

    def _decibels(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return log-mel energies (spectra, B) of a stretch of samples."""
        import librosa

        spectra_FK = librosa.stft(
            samples,
            n_fft=self._n_fft,
            hop_length=self._hop,
            center=False,
        )
        power_FK = np.square(spectra_FK.real) + np.square(spectra_FK.imag)
        energy_KB = power_FK.T @ self._weights
        decibels: NDArray[np.float32] = 10 * np.log10(np.maximum(energy_KB, POWER_FLOOR))
        return decibels

    @property
    def _hop(self) -> int:
        return round(self.hop_seconds * self.sampling_rate)

    @property
    def _n_fft(self) -> int:
        """Samples of a frame; its spectrum has a line every 17 Hz, enough for the lowest band."""
        return round(self.frame_seconds * self.sampling_rate)

    @cached_property
    def _weights(self) -> NDArray[np.float32]:
        import librosa

        filters = librosa.filters.mel(sr=self.sampling_rate, n_fft=self._n_fft, n_mels=self.bands)
        return np.ascontiguousarray(filters.T, dtype=np.float32)


def extractor() -> LogMel:
    """Return 64 bands, their means."""
    return LogMel()


def extractor_32() -> LogMel:
    """Return 32 bands, their means and deviations."""
    return LogMel(name="logmel32", bands=32, statistics=("mean", "deviation"))
