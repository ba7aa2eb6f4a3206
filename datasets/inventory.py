"""What of a dataset is on disk, and which files of it are wrong.

A piece that is absent altogether is no fault: `inventory` says how to get it. A file that is
missing from a piece that is there, or that cannot be read, is: `faults` names every one.
"""

from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

from datasets.audio import read_samples
from datasets.commands import extract_command
from datasets.contract import DatasetError
from datasets.features.cache import audio_digest, folder, made_alike, read_extracted
from datasets.features.registry import Extractor, extractor_for, from_audio
from datasets.files import Check, DataFiles, Piece
from datasets.midi import is_midi

N_NAMED = 5  # of many missing songs


def inventory(files: DataFiles, data_root: Path) -> list[Piece]:
    """Count the files of every piece of a dataset, and of the features extracted from it."""
    n_recordings = len(_recordings(files, data_root)) or None
    return files.pieces(data_root) + [
        Piece(
            f"extracted {name}",
            f"feature set {name}, from audio",
            count(folder(data_root, extractor_for(name)) / files.kept_in, ".npz"),
            extract_command(name, data_root, files.option),
            n_recordings,
        )
        for name in from_audio()
    ]


def faults(
    files: DataFiles, data_root: Path, on_checked: Callable[[int, int], None]
) -> Iterator[str]:
    """Check every file that is here and yield one line for each that is wrong."""
    checks = files.checks(data_root) + _kept_checks(files, data_root)
    lines: set[str] = set()
    for index, check in enumerate(checks, start=1):
        try:
            check()
        except DatasetError as error:
            if str(error) not in lines:  # a file may be needed by more than one check
                lines.add(str(error))
                yield str(error)
        on_checked(index, len(checks))


def count(path: Path, suffix: str) -> int:
    """Count files of one kind in a folder, which may be absent."""
    return sum(1 for _ in path.glob(f"*{suffix}"))


def bind(function: Callable[..., object], *arguments: object) -> Check:
    """Return a check that calls a function with these arguments."""
    return lambda: function(*arguments)


def check_complete(
    place: Path, missing: Collection[int] | Collection[str], n_in_all: int, what: str
) -> None:
    """Name the songs, or files of songs, that a folder lacks."""
    if missing:
        first = ", ".join(map(str, sorted(missing)[:N_NAMED]))
        raise DatasetError(
            f"Folder {place} lacks {len(missing):,} of {n_in_all:,} {what}"
            f" ({first}{', ...' if len(missing) > N_NAMED else ''})."
        )


def _recordings(files: DataFiles, data_root: Path) -> list[Path]:
    try:
        return [path for path in files.recordings(data_root) if path.is_file()]
    except DatasetError:
        return []


def _kept_checks(files: DataFiles, data_root: Path) -> list[Check]:
    """Return checks of extracted features: whole, and made from the recordings that are here."""
    recordings = {path.stem: path for path in _recordings(files, data_root)}
    digest, checks = cache(audio_digest), []  # a recording is read once for all feature sets
    for name in from_audio():
        extractor = extractor_for(name)
        how = extract_command(name, data_root, files.option)
        makers: dict[str, Path] = {}
        for kept in sorted((folder(data_root, extractor) / files.kept_in).glob("*.npz")):
            audio = recordings.get(kept.stem)
            checks.append(bind(_check_kept, kept, audio, extractor, digest, makers, how))
        checks.append(bind(made_alike, makers, how))
    return checks


def _check_kept(
    kept: Path,
    audio: Path | None,
    extractor: Extractor,
    digest: Callable[[Path], str],
    makers: dict[str, Path],
    how: str,
) -> None:
    """Read an extracted file, and note what made it: a dataset's must be made alike."""
    file = read_extracted(kept, extractor)
    if audio is not None and digest(audio) != file.audio_sha256:
        if not is_midi(audio):
            read_samples(audio)  # of damaged audio nothing can be made: its fault alone is named
        raise DatasetError(f"File {kept} was made from other audio than {audio}. Run: {how}")
    makers.setdefault(file.libraries, kept)
