"""DEAM's files for the `data` command: what they are for, where they belong, what they must hold.

Files  `DEAM/`, the untouched release, and beside it `mediaeval2015/`, tables of that year's task
"""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from datasets.archives import ARCHIVES, FOR_THE_PAPER, LICENCE
from datasets.audio import SUFFIXES, find_audio, n_half_seconds, read_samples
from datasets.commands import data_command
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
from datasets.features.cache import AUDIO
from datasets.files import Check, DataFiles, Piece
from datasets.inventory import bind, check_complete, count
from datasets.mediaeval2015 import PARTICIPANT_LABELS, read_participant_labels

IMPORTED = {".csv", ".txt", ".pdf", ".md", *SUFFIXES}
EXTRAS = (PARTICIPANT_LABELS, song_means.SONG_LEVEL_FILE)  # not of the release
SONGS = "annotated songs"
HOW_TO_GET = "Get it with `python -m benchmark data download audio --data-root DATA`."


def recordings(data_root: Path) -> list[Path]:
    """Return the audio files of DEAM's folder by song id; a song in two formats counts once."""
    folder = data_root / AUDIO
    if not folder.is_dir():
        raise DatasetError(f"Folder {folder} is missing. {HOW_TO_GET}")
    by_id: dict[int, Path] = {}
    for suffix in reversed(SUFFIXES):  # of two formats the first listed wins, as in `find_audio`
        by_id |= {int(p.stem): p for p in folder.glob(f"*{suffix}") if p.stem.isdecimal()}
    if not by_id:
        raise DatasetError(
            f"Folder {folder} holds no recordings; expected <song id>.mp3 (or wav, flac, ogg)."
        )
    return [by_id[song_id] for song_id in sorted(by_id)]


def pieces(data_root: Path) -> list[Piece]:
    """Count the files of every archive of DEAM and of what goes with it."""
    import_ = data_command("import PATH", data_root)
    counts = {
        "annotations": count(data_root / ANNOTATIONS, ".csv"),
        "features": count(data_root / deam_features.FOLDER, ".csv"),
        "audio": sum(count(data_root / AUDIO, suffix) for suffix in SUFFIXES),
        "metadata": count(data_root / METADATA, ".csv"),
    }
    archives = [
        Piece(name, archive.summary, counts[name], _get(name, data_root))
        for name, archive in ARCHIVES.items()
    ]
    extras = {
        song_means.SONG_LEVEL_FILE: "feature set song_means",
        PARTICIPANT_LABELS: "mediaeval2015.labels=mediaeval2015",
    }
    return archives + [
        Piece(path.name, summary, int((data_root / path).is_file()), import_)
        for path, summary in extras.items()
    ]


def _get(archive: str, data_root: Path) -> str:
    words = f"download {archive}", "import PATH"
    return " or ".join(data_command(each, data_root) for each in words)


def place(path: PurePosixPath) -> Path | None:
    """Return where a file of the release belongs below the data folder; None: not of it."""
    for extra in EXTRAS:
        if path.name == extra.name:
            return extra
    for archive in ARCHIVES.values():
        if archive.folder in path.parts[:-1] and path.suffix.lower() in IMPORTED:
            return Path("DEAM", *path.parts[path.parts.index(archive.folder) :])
    return None


def checks(data_root: Path) -> list[Check]:
    """Return one check per file of every piece that is here."""
    listed: list[Check] = []
    lengths: dict[int, float] = {}  # song id -> end of its last annotated frame, in seconds
    if (data_root / ANNOTATIONS).is_dir():
        listed += [bind(read_target, data_root / ANNOTATIONS / f"{name}.csv") for name in TARGETS]
        listed += [bind(read_static_file, data_root / STATIC / name) for name in STATIC_FILES]
        try:
            annotated = read_dynamic_annotations(data_root)
            lengths = {song_id: times[-1] for song_id, (times, _) in annotated.items()}
        except DatasetError:  # to be found again, with all else that is wrong
            listed.append(bind(read_dynamic_annotations, data_root))
    if (data_root / METADATA).is_dir():
        listed += [bind(read_metadata_file, data_root / METADATA / name) for name in METADATA_FILES]
    if (folder := data_root / deam_features.FOLDER).is_dir():
        tables = _files(lengths, lambda song_id: folder / f"{song_id}.csv")
        missing = lengths.keys() - tables.keys()
        listed.append(bind(check_complete, folder, missing, len(lengths), SONGS))
        listed += [
            bind(deam_features.read_song, path, annotated[song_id][0])
            for song_id, path in tables.items()
        ]
    if (folder := data_root / AUDIO).is_dir():
        audio = _files(lengths, lambda song_id: find_audio(folder, song_id))
        missing = lengths.keys() - audio.keys()
        listed.append(bind(check_complete, folder, missing, len(lengths), SONGS))
        listed += [bind(_check_audio, path, lengths[song_id]) for song_id, path in audio.items()]
    if (data_root / song_means.SONG_LEVEL_FILE).is_file():
        listed.append(bind(song_means.open_reader, data_root))
    if (data_root / PARTICIPANT_LABELS).is_file():
        listed.append(bind(read_participant_labels, data_root / PARTICIPANT_LABELS))
    return listed


def _files(lengths: dict[int, float], path_of: Callable[[int], Path | None]) -> dict[int, Path]:
    paths = {song_id: path_of(song_id) for song_id in lengths}
    return {song_id: path for song_id, path in paths.items() if path is not None and path.is_file()}


def _check_audio(audio: Path, last_time: float) -> None:
    """Decode a song's audio and hold its length against its annotations."""
    seconds = n_half_seconds(read_samples(audio)) * FRAME_SECONDS
    if seconds < last_time + FRAME_SECONDS:
        raise DatasetError(
            f"Audio {audio} ends at {seconds:.1f} s, its annotations at"
            f" {last_time + FRAME_SECONDS:.1f} s; it is cut."
        )


FILES = DataFiles(
    name="DEAM",
    how_to_get=HOW_TO_GET,
    contents=(
        f"files in folders called {', '.join(archive.folder for archive in ARCHIVES.values())}, or"
        f" {' and '.join(path.name for path in EXTRAS)}"
    ),
    recordings=recordings,
    pieces=pieces,
    checks=checks,
    place=place,
    archives=ARCHIVES,
    first_archives=FOR_THE_PAPER,
    licence=LICENCE,
)
