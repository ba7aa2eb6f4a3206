"""A feature set that is one function of a recording's samples, as a user's own file defines it."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from datasets.audio import n_half_seconds
from datasets.contract import DatasetError


@dataclass(frozen=True)
class FunctionExtractor:
    """Calls the function and says which version of it made the features."""

    name: str
    n_features: int
    function: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    version: str

    def digest(self) -> str:
        """Return eight characters that change with the file that defines the function."""
        return sha256(f"{self.name} {self.n_features} {self.version}".encode()).hexdigest()[:8]

    def columns(self) -> list[str]:
        """Number the columns."""
        return [f"{self.name} {column}" for column in range(1, self.n_features + 1)]

    def prepare(self) -> None:
        """Need nothing: the file is loaded."""

    def made_by(self) -> str:
        """Name the version of the function."""
        return f"{self.name} {self.version}"

    def extract(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map samples (N,) at 44.1 kHz to features (frames, F), one row per half second."""
        try:  # other feature sets are made of the same samples, so it gets its own
            rows_TF = np.asarray(self.function(samples.copy()), dtype=np.float32)
        except Exception as error:
            raise DatasetError(
                f"Feature set '{self.name}' failed on a recording: {type(error).__name__}: {error}"
            ) from error
        if len(rows_TF) != (expected := n_half_seconds(samples)):
            raise DatasetError(
                f"Feature set '{self.name}' gave {len(rows_TF)} rows for a recording of {expected}"
                " half seconds; give one row per half second (datasets.audio.n_half_seconds)."
            )
        return rows_TF
