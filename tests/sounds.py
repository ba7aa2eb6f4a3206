"""Sounds with a known answer, as samples and as files."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100


def tone(seconds: float, hertz: float = 1000.0, rate: int = RATE) -> np.ndarray:
    """Return samples (N,) of a sine at a third of full scale."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def write_tone(
    path: Path, seconds: float, hertz: float = 1000.0, rate: int = RATE, channels: int = 1
) -> Path:
    """Write a tone on every channel, in the format of the file's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack([tone(seconds, hertz, rate)] * channels, axis=1), rate)
    return path
