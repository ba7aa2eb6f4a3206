"""Features extracted from audio, kept so that every recording is decoded once.

Files  `DATA/extracted/<feature set>-<digest of settings and version>/<id>.npz` (DEAM's; others
       in a folder named after the dataset): rows (N, F), the
       sha256 of the audio they were made from and what made them. They serve where the audio
       itself is not at hand; where it is, a file made from other audio is refused.
Audio  `DATA/DEAM/MEMD_audio/<id>.mp3` (or wav, flac, ogg)
Axes   N half seconds from the start of the recording, F columns
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from datasets import midi
from datasets.audio import find_audio, read_samples
from datasets.commands import data_command, extract_command
from datasets.contract import FRAME_SECONDS, DatasetError
from datasets.features.registry import Extractor, Reader

AUDIO = Path("DEAM", "MEMD_audio")
EXTRACTED = "extracted"
DAMAGE = (OSError, ValueError, KeyError, EOFError, BadZipFile)  # of an extracted file


class ExtractedFile(NamedTuple):
    """What an extracted file holds."""

    rows_NF: NDArray[np.float32]
    audio_sha256: str  # of the audio they were made from
    libraries: str  # that made them


@dataclass(frozen=True)
class ExtractedReader:
    """Reads the features extracted from a dataset's audio, and says what made all of them."""

    data_root: Path
    extractor: Extractor
    extract: str  # the command that makes them
    kept_in: str = ""  # the dataset's folder among all that are extracted; DEAM's is ""
    _makers: dict[str, Path] = field(default_factory=dict)  # libraries -> a file they made

    def rows(self, name: str, audio: Path | None, get: str = "") -> NDArray[np.float32]:
        """Return a song's rows (N, F), unless its audio has changed since.

        `get` says how to come by audio that is not there.
        """
        path = kept_file(self.data_root, str(Path(self.kept_in, name)), self.extractor)
        features = f"features {self.extractor.name}"
        if not path.is_file():
            lacks = "" if audio else f" and {get}"
            raise DatasetError(
                f"Song {name} has no {features} yet ({path}){lacks}."
                + (f" Run: {self.extract}" if audio else "")
            )
        file = read_extracted(path, self.extractor)
        if audio is not None and audio_digest(audio) != file.audio_sha256:
            raise DatasetError(
                f"The {features} of song {name} were made from other audio than {audio}. Make them"
                f" again: {self.extract}"
            )
        self._makers.setdefault(file.libraries, path)
        return file.rows_NF

    def made_by(self) -> str:
        """Return what made the rows read so far, or refuse those that differ in it."""
        return f"{made_by(self.extractor)} by {made_alike(self._makers, self.extract)}"


def open_kept_reader(data_root: Path, extractor: Extractor) -> Reader:
    """Return a reader of features extracted from DEAM's audio."""
    reader = ExtractedReader(data_root, extractor, extract_command(extractor.name, data_root))
    download = data_command("download audio", data_root)
    get = f"no audio in {data_root / AUDIO} to make them from. Get it with: {download}"

    def read(song_id: int, times: NDArray[np.float64]) -> NDArray[np.float32]:
        rows_NF = reader.rows(str(song_id), find_audio(data_root / AUDIO, song_id), get)
        return rows_at(rows_NF, times, f"Song {song_id}", download)

    return Reader(read, reader.made_by)


def rows_at(
    rows_NF: NDArray[np.float32], times: NDArray[np.float64], song: str, get: str
) -> NDArray[np.float32]:
    """Return the feature row of every time in seconds; `get` is the command that gets audio."""
    wanted = np.rint(times / FRAME_SECONDS).astype(int)
    if wanted.max() >= len(rows_NF):
        raise DatasetError(
            f"{song} is annotated up to {times[-1]:.1f} s but its audio ends at"
            f" {len(rows_NF) * FRAME_SECONDS:.1f} s; it is cut. Get the audio again: {get}"
        )
    picked: NDArray[np.float32] = rows_NF[wanted]
    return picked


def made_by(extractor: Extractor) -> str:
    """Return what tells features of one extractor, its settings and version from all others."""
    return f"{extractor.name}-{extractor.digest()}"


def extract_file(audio: Path, extractor: Extractor) -> NDArray[np.float32]:
    """Return the features (N, F) of a recording, checked."""
    return checked(audio, extractor, extractor.extract(read_samples(audio)))


def checked(audio: Path, extractor: Extractor, rows_NF: NDArray[np.float32]) -> NDArray[np.float32]:
    """Refuse features that are not finite or not as many as promised."""
    if rows_NF.shape[1:] != (extractor.n_features,) or not np.isfinite(rows_NF).all():
        raise DatasetError(
            f"Audio {audio} gives features {rows_NF.shape}, some perhaps NaN, where finite"
            f" (N, {extractor.n_features}) were expected; leave this recording out."
        )
    return rows_NF


def audio_digest(audio: Path) -> str:
    """Return the sha256 of a file's bytes; of a MIDI file, with how it is rendered."""
    with audio.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{digest} {midi.RECIPE}" if midi.is_midi(audio) else digest


def made_with(audio: Path, extractor: Extractor) -> str:
    """Name the libraries that make features of a recording, and their versions."""
    rendering = f", {midi.rendered_by()}" if midi.is_midi(audio) else ""
    return extractor.made_by() + rendering


def folder(data_root: Path, extractor: Extractor) -> Path:
    """Return where extracted files of these settings lie."""
    return data_root / EXTRACTED / made_by(extractor)


def kept_file(data_root: Path, kept_as: str | int, extractor: Extractor) -> Path:
    """Return where a song's extracted features lie: DEAM's by id, others in folders of theirs."""
    return folder(data_root, extractor) / f"{kept_as}.npz"


def read_extracted(path: Path, extractor: Extractor) -> ExtractedFile:
    """Read an extracted file, or name it where it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            rows_NF = arrays["rows"]
            audio_sha256, libraries = str(arrays["audio_sha256"]), str(arrays["made_by"])
    except DAMAGE as error:
        raise _damaged(path, error) from error
    if rows_NF.shape[1:] != (extractor.n_features,) or not np.isfinite(rows_NF).all():
        raise DatasetError(
            f"File {path} is damaged: expected finite features (N, {extractor.n_features}),"
            f" got {rows_NF.shape}. Remove it."
        )
    return ExtractedFile(rows_NF.astype(np.float32), audio_sha256, libraries)


def _damaged(path: Path, error: Exception) -> DatasetError:
    """Return the error of a file that cannot be read, without numpy's advice to unpickle it."""
    reason = "it holds no arrays of numbers" if isinstance(error, ValueError) else error
    return DatasetError(f"File {path} is damaged ({reason}). Remove it.")


def made_alike(makers: Mapping[str, Path], extract: str) -> str:
    """Return what made extracted files, or refuse a dataset's features of different programs.

    `makers` maps the libraries of extracted files to one of them; `extract` is the command that
    makes all again. Renderings name their renderer beside the library, so other audio may be
    among them.
    """
    names: list[str] = []
    for place in (0, 2):  # of "library, renderer"
        found = {made.partition(", ")[place]: (path, made) for made, path in makers.items()}
        found.pop("", None)
        if len(found) > 1:
            (path, made), (other_path, other) = list(found.values())[:2]
            raise DatasetError(
                f"Features were made by different programs ({path}: {made}; {other_path}: {other})."
                f" Make them again: {extract}"
            )
        names += found
    return ", ".join(names)


def write_rows(
    path: Path,
    rows_NF: NDArray[np.float32],
    audio_sha256: str,
    extractor: Extractor,
    libraries: str = "",
) -> None:
    """Write a file beside its place and rename it."""
    buffer = BytesIO()
    np.savez(
        buffer,
        rows=rows_NF,
        audio_sha256=np.array(audio_sha256),
        made_by=np.array(libraries or extractor.made_by()),
    )
    beside = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(buffer.getvalue())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise DatasetError(
            f"{path} cannot be written ({error.strerror}). Free space or rights in the data"
            " folder, or work on a copy of it."
        ) from error
