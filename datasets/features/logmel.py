"""Log-mel band energies per half second, from audio (only door to librosa).

Source    McFee et al., librosa; Malik et al. 2017, section 3.2.2 ("in a similar fashion to the
          baseline feature set": frames of 60 ms every 10 ms, averaged over 500 ms)
Audio     `DEAM/MEMD_audio/<id>.mp3` (or wav, flac, ogg), any rate and number of channels
Kept in   `extracted/logmel-<digest of the settings>/<id>.npz` of the data folder, with the digest
          of the audio it was made from; such files serve where the audio itself is not at hand
Axes      N half seconds from the start of the recording, F bands
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.contract import FRAME_SECONDS, DatasetError
from datasets.features.registry import Reader

AUDIO = Path("DEAM", "MEMD_audio")
EXTRACTED = "extracted"
SUFFIXES = (".mp3", ".wav", ".flac", ".ogg")
ADVICE = (
    "Get DEAM_audio.zip from https://cvml.unige.ch/databases/DEAM/ and unpack MEMD_audio/ into"
    " DEAM/, or bring the extracted files."
)
VERSION = 1  # raise it when the same settings would give other numbers


@dataclass(frozen=True)
class LogMelSettings:
    """How audio becomes bands; part of the folder's name."""

    bands: int = 64
    sampling_rate: int = 44_100
    frame_seconds: float = 0.06
    hop_seconds: float = 0.01
    version: int = VERSION

    def digest(self) -> str:
        """Return eight characters that change with any setting."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]


def folder(data_root: Path, settings: LogMelSettings) -> Path:
    """Return where extracted files of these settings lie."""
    return data_root / EXTRACTED / f"logmel-{settings.digest()}"


def open_reader(data_root: Path) -> Reader:
    """Return a reader that extracts what is not extracted yet."""
    settings = LogMelSettings()

    def read(song_id: int, times: NDArray[np.float64]) -> NDArray[np.float32]:
        bands_NF = _bands(data_root, song_id, settings)
        rows = np.rint(times / FRAME_SECONDS).astype(int)
        if rows.max() >= len(bands_NF):
            raise DatasetError(
                f"Song {song_id} is annotated up to {times[-1]:.1f} s but its audio ends at"
                f" {len(bands_NF) * FRAME_SECONDS:.1f} s; it is cut. {ADVICE}"
            )
        picked: NDArray[np.float32] = bands_NF[rows]
        return picked

    return read


def _bands(data_root: Path, song_id: int, settings: LogMelSettings) -> NDArray[np.float32]:
    """Return a song's bands (N, F): from its extracted file if that is current, else from audio."""
    kept = folder(data_root, settings) / f"{song_id}.npz"
    audio = next(
        (
            path
            for suffix in SUFFIXES
            if (path := data_root / AUDIO / f"{song_id}{suffix}").is_file()
        ),
        None,
    )
    if audio is None and not kept.is_file():
        raise DatasetError(
            f"Song {song_id} has neither audio ({data_root / AUDIO / f'{song_id}.mp3'}) nor"
            f" extracted bands ({kept}). {ADVICE}"
        )
    digest = hashlib.sha256(audio.read_bytes()).hexdigest() if audio else None
    if kept.is_file():
        bands_NF, made_from = read_bands(kept, settings)
        if digest in (None, made_from):
            return bands_NF
    assert audio is not None
    assert digest is not None
    bands_NF = extract(audio, settings)
    write_bands(kept, bands_NF, digest)
    return bands_NF


def extract(audio: Path, settings: LogMelSettings) -> NDArray[np.float32]:
    """Return log-mel energies in decibels, averaged over every half second: (N, F)."""
    import librosa

    rate = settings.sampling_rate
    hop = round(settings.hop_seconds * rate)
    window = round(settings.frame_seconds * rate)
    try:
        samples, _ = librosa.load(audio, sr=rate, mono=True)
    except Exception as error:  # decoders raise what they like
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DatasetError(f"Audio {audio} cannot be decoded ({reason}). {ADVICE}") from error
    per_window = round(FRAME_SECONDS / settings.hop_seconds)
    if len(samples) < window or not np.isfinite(samples).all():
        raise DatasetError(
            f"Audio {audio} holds {len(samples) / rate:.2f} s of sound, or no finite samples;"
            f" at least {settings.frame_seconds} s are needed. {ADVICE}"
        )
    power_FN = librosa.feature.melspectrogram(
        y=samples,
        sr=rate,
        n_fft=1 << (window - 1).bit_length(),
        win_length=window,
        hop_length=hop,
        n_mels=settings.bands,
        center=True,  # frame n is centred on n * hop
    )
    decibels_NF = librosa.power_to_db(power_FN, ref=1.0, top_db=None).T
    n_windows = round(len(decibels_NF) / per_window)  # a last one counts from half its length
    pieces = [decibels_NF[k * per_window : (k + 1) * per_window] for k in range(max(1, n_windows))]
    return np.stack([piece.mean(axis=0) for piece in pieces]).astype(np.float32)


def read_bands(path: Path, settings: LogMelSettings) -> tuple[NDArray[np.float32], str]:
    """Return the bands of an extracted file and the digest of the audio they were made from."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            bands_NF, made_from = arrays["bands"], str(arrays["audio_sha256"])
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DatasetError(f"File {path} is damaged ({error}). Remove it.") from error
    if bands_NF.ndim != 2 or bands_NF.shape[1] != settings.bands or not np.isfinite(bands_NF).all():
        raise DatasetError(
            f"File {path} is damaged: expected finite bands (N, {settings.bands}),"
            f" got {bands_NF.shape}. Remove it."
        )
    return bands_NF.astype(np.float32), made_from


def write_bands(path: Path, bands_NF: NDArray[np.float32], audio_sha256: str) -> None:
    """Write a file beside its place and rename it; a folder one may not write to is no error."""
    buffer = BytesIO()
    np.savez(buffer, bands=bands_NF, audio_sha256=np.array(audio_sha256))
    beside = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(buffer.getvalue())
        beside.replace(path)
    except PermissionError:
        return
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DatasetError(
            f"{path} cannot be written ({error.strerror}). Free space in the data folder."
        ) from error
