"""What of the real data is on disk, and which files of it are wrong.

A piece that is absent altogether is no fault: `inventory` says how to get it. A file that is
missing from a piece that is there, or that cannot be read, is: `faults` names every one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.archives import ARCHIVES
from datasets.audio import SUFFIXES, find_audio, n_half_seconds, read_samples
from datasets.contract import FRAME_SECONDS, TARGETS, DatasetError
from datasets.deam_files import ANNOTATIONS, read_dynamic_annotations, read_target
from datasets.deam_songs import (
    METADATA,
    METADATA_FILES,
    STATIC,
    STATIC_FILES,
    read_metadata_file,
    read_static_file,
)
from datasets.features import deam_features, song_means
from datasets.features.cache import AUDIO, folder
from datasets.features.registry import extractor_for, from_audio
from datasets.mediaeval2015 import PARTICIPANT_LABELS, read_participant_labels

Check = Callable[[], object]  # raises DatasetError where something is wrong


@dataclass(frozen=True)
class Piece:
    """One part of the data: what it is for, how many files of it are here, how to get it."""

    name: str
    summary: str
    n_files: int
    how_to_get: str


def inventory(data_root: Path) -> list[Piece]:
    """Count the files of every piece of DEAM, of what goes with it, and of extracted features."""
    get = "data download {} or data import PATH"
    counts = {
        "annotations": _count(data_root / ANNOTATIONS, ".csv"),
        "features": _count(data_root / deam_features.FOLDER, ".csv"),
        "audio": sum(_count(data_root / AUDIO, suffix) for suffix in SUFFIXES),
        "metadata": _count(data_root / METADATA, ".csv"),
    }
    pieces = [
        Piece(name, archive.summary, counts[name], get.format(name))
        for name, archive in ARCHIVES.items()
    ]
    for path, summary in (
        (song_means.SONG_LEVEL_FILE, "feature set song_means"),
        (PARTICIPANT_LABELS, "mediaeval2015.labels=mediaeval2015"),
    ):
        here = int((data_root / path).is_file())
        pieces.append(Piece(path.name, summary, here, "data import PATH"))
    for name in from_audio():
        kept = _count(folder(data_root, extractor_for(name)), ".npz")
        get = f"data extract --features {name}"
        pieces.append(Piece(f"extracted {name}", f"feature set {name}, from audio", kept, get))
    return pieces


def faults(data_root: Path, on_checked: Callable[[int, int], None]) -> Iterator[str]:
    """Check every file that is here and yield one line for each that is wrong."""
    checks, told = _checks(data_root), set()
    for index, check in enumerate(checks, start=1):
        try:
            check()
        except DatasetError as error:
            if str(error) not in told:  # a file may be needed by more than one check
                told.add(str(error))
                yield str(error)
        on_checked(index, len(checks))


def _count(path: Path, suffix: str) -> int:
    """Count files of one kind in a folder, which may be absent."""
    return sum(1 for _ in path.glob(f"*{suffix}"))


def _checks(data_root: Path) -> list[Check]:
    """Return one check per file of every piece that is here."""
    checks: list[Check] = []
    lengths: dict[int, float] = {}  # song id -> end of its last annotated frame, in seconds
    if (data_root / ANNOTATIONS).is_dir():
        tables = [_bind(read_target, data_root / ANNOTATIONS / f"{one}.csv") for one in TARGETS]
        tables += [_bind(read_static_file, data_root / STATIC / one) for one in STATIC_FILES]
        checks += tables
        try:
            annotated = read_dynamic_annotations(data_root)
            lengths = {song_id: times[-1] for song_id, (times, _) in annotated.items()}
        except DatasetError as error:
            checks.append(_bind(_raise, error))
    if (data_root / METADATA).is_dir():
        checks += [_bind(read_metadata_file, data_root / METADATA / one) for one in METADATA_FILES]
    if (data_root / deam_features.FOLDER).is_dir():
        place = data_root / deam_features.FOLDER
        here = {one: place / f"{one}.csv" for one in lengths if (place / f"{one}.csv").is_file()}
        checks.append(_bind(_check_complete, place, lengths.keys() - here.keys(), len(lengths)))
        checks += [_bind(deam_features.read_song, here[one], annotated[one][0]) for one in here]
    if (data_root / AUDIO).is_dir():
        place = data_root / AUDIO
        heard = {one: path for one in lengths if (path := find_audio(place, one)) is not None}
        checks.append(_bind(_check_complete, place, lengths.keys() - heard.keys(), len(lengths)))
        checks += [_bind(_check_audio, path, lengths[one]) for one, path in heard.items()]
    if (data_root / song_means.SONG_LEVEL_FILE).is_file():
        checks.append(_bind(song_means.open_reader, data_root))
    if (data_root / PARTICIPANT_LABELS).is_file():
        checks.append(_bind(read_participant_labels, data_root / PARTICIPANT_LABELS))
    return checks


def _bind(function: Callable[..., object], *arguments: object) -> Check:
    """Return a check that calls a function with these arguments."""
    return lambda: function(*arguments)


def _raise(error: DatasetError) -> None:
    """Report what was found while the checks were listed."""
    raise error


def _check_complete(place: Path, missing: set[int], n_songs: int) -> None:
    """Name the annotated songs that a folder lacks."""
    if missing:
        first = ", ".join(map(str, sorted(missing)[:5]))
        raise DatasetError(
            f"Folder {place} lacks {len(missing):,} of {n_songs:,} annotated songs"
            f" ({first}{', ...' if len(missing) > 5 else ''})."
        )


def _check_audio(audio: Path, last_time: float) -> None:
    """Decode a song's audio and hold its length against its annotations."""
    seconds = n_half_seconds(read_samples(audio)) * FRAME_SECONDS
    if seconds < last_time + FRAME_SECONDS:
        raise DatasetError(
            f"Audio {audio} ends at {seconds:.1f} s, its annotations at"
            f" {last_time + FRAME_SECONDS:.1f} s; it is cut."
        )
