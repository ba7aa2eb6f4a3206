"""A recording becomes one channel at one rate, or an error that names the file.

Source  libsndfile through soundfile (mp3, wav, flac, ogg); other rates by soxr
Units   samples (N,) float32, full scale is 1; MP3 decoders may exceed it a little
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets import midi
from datasets.contract import FRAME_SECONDS, DatasetError

SAMPLING_RATE = 44_100  # Hz; what DEAM's clips have, with 24 exceptions
SUFFIXES = (".mp3", ".wav", ".flac", ".ogg")
SHORTEST_SECONDS = FRAME_SECONDS / 2  # below it no half second is more sound than silence
BLOCK_FRAMES = 1 << 20
STREAMED = 1 << 31  # programs that write WAV to a pipe claim sizes above this
IMPOSSIBLE = 1e4  # times full scale; a float file may exceed 1, sound does not reach this
ADVICE = (
    "Get the file again, or convert it anew (ffmpeg -i FILE copy.wav); mp3, wav, flac and ogg"
    " are read."
)


def read_samples(path: Path) -> NDArray[np.float32]:
    """Return a recording as (N,) samples at 44.1 kHz, all channels averaged; MIDI is rendered."""
    if midi.is_midi(path):
        with midi.rendered(path, SAMPLING_RATE) as wav:
            return _decoded(wav)
    return _decoded(path)


def require_file(path: Path) -> None:
    """Refuse a path that is no file at all."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise DatasetError(
            f"No audio file: {path} {what}; give a file, mp3, wav, flac, ogg or MIDI."
        )


def _decoded(path: Path) -> NDArray[np.float32]:
    import soundfile
    import soxr

    require_file(path)
    try:
        with _decoders_kept_quiet(), soundfile.SoundFile(path) as file:
            rate, n_declared = file.samplerate, file.frames
            parts = []  # not file.blocks(), which makes up samples where a file ends early
            while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
                parts.append(_mixed_down(block))
            cut = _claims_more_than_there_is(file.extra_info)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        if "not a regular file" in reason:  # what libsndfile says of content it does not know
            reason = "no sound in a format that is known"
        raise DatasetError(f"Audio {path} cannot be decoded ({reason}). {ADVICE}") from error
    samples = np.concatenate([*parts, np.zeros(0, np.float32)])
    seconds, n_missing = len(samples) / rate, n_declared - len(samples)
    if cut or n_missing > SHORTEST_SECONDS * rate:
        declared = f" of {n_declared / rate:.1f} s declared" if n_missing > 0 else ""
        raise DatasetError(
            f"Audio {path} is cut or damaged: only {seconds:.1f} s{declared} can be decoded."
            f" {ADVICE}"
        )
    if seconds < SHORTEST_SECONDS:
        raise DatasetError(
            f"Audio {path} holds {seconds:.2f} s of sound; at least {SHORTEST_SECONDS} s are"
            " needed for one frame."
        )
    if not (np.abs(samples) < IMPOSSIBLE).all():  # NaN is not
        raise DatasetError(
            f"Audio {path} holds samples that are NaN, infinite or beyond {IMPOSSIBLE:,.0f} times"
            f" full scale; it is no sound. {ADVICE}"
        )
    if rate == SAMPLING_RATE:
        return samples
    resampled: NDArray[np.float32] = soxr.resample(samples, rate, SAMPLING_RATE)
    return resampled


def _mixed_down(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average channels; numbers that are no sound are left for the caller to refuse."""
    with np.errstate(all="ignore"):
        mono: NDArray[np.float32] = block.mean(axis=1)
    return mono


def n_half_seconds(samples: NDArray[np.float32]) -> int:
    """Return how many frames a recording has; a last one counts from half its length."""
    return int(len(samples) / SAMPLING_RATE / FRAME_SECONDS + 0.5)


def find_audio(folder: Path, song_id: int) -> Path | None:
    """Return a song's file in a folder, in any of the formats that are read."""
    paths = (folder / f"{song_id}{suffix}" for suffix in SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def _claims_more_than_there_is(log: str) -> bool:
    """Read in libsndfile's log whether a WAV header promised samples that are not there."""
    sizes = re.findall(r"^data : (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    return any(int(actual) < int(claimed) < STREAMED for claimed, actual in sizes)


@contextmanager
def _decoders_kept_quiet() -> Iterator[None]:
    """Silence what the MP3 decoder prints about odd tags: it writes past Python's stderr."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
