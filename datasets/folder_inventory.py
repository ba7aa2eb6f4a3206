"""A user's own files for the `data` command: nothing to download, all to be checked."""

from pathlib import Path

from datasets.audio import n_half_seconds, read_samples
from datasets.contract import DatasetError
from datasets.files import Check, DataFiles, Piece
from datasets.folder import KEPT_IN
from datasets.folder_audio import ANNOTATIONS, AUDIO, audio_of, find_recordings, recordings
from datasets.folder_frames import check_end, check_spacing, last_frame
from datasets.folder_table import COLUMNS, RECORDINGS, RatedSong, Table, read_table
from datasets.inventory import bind

FORMATS = ", ".join(suffix.removeprefix(".") for suffix in RECORDINGS)
WRITE = f"write a CSV file with columns {COLUMNS}"
COPY = f"copy them ({FORMATS}) into the folder or into {AUDIO}/ in it"


def pieces(data_root: Path) -> list[Piece]:
    """Count the recordings, of the annotated songs where the annotations can be read."""
    found = find_recordings(data_root)
    annotations = data_root / ANNOTATIONS
    n_recordings, n_songs = len(found), None
    if annotations.is_file():
        try:
            names = [song.name for song in read_table(annotations).songs]
            n_recordings, n_songs = sum(name in found for name in names), len(names)
        except DatasetError:  # `checks` names what is wrong
            pass
    return [
        Piece(ANNOTATIONS, "valence and arousal", int(annotations.is_file()), WRITE, 1),
        Piece("recordings", "of the annotated songs", n_recordings, COPY, n_songs),
    ]


def checks(data_root: Path) -> list[Check]:
    """Return a check of the annotations and, where they are right, of every song's recording."""
    if not find_recordings(data_root) and not (data_root / ANNOTATIONS).exists():
        return []  # nothing is here
    try:
        table, audio = _read(data_root)
    except DatasetError:
        return [bind(_read, data_root)]
    return [
        *(
            bind(check_spacing, song, song.times, table)
            for song in table.songs
            if song.times is not None
        ),
        *(bind(_check_song, song, table, audio[song.name]) for song in table.songs),
    ]


def _read(data_root: Path) -> tuple[Table, dict[str, Path]]:
    table = read_table(data_root / ANNOTATIONS)
    return table, audio_of(table, find_recordings(data_root))


def _check_song(song: RatedSong, table: Table, audio: Path) -> None:
    n_frames = n_half_seconds(read_samples(audio))
    if song.times is not None:
        check_end(song, table, last_frame(song.times), n_frames, audio)


FILES = DataFiles(
    name="your own folder",
    option=" --dataset folder",
    how_to_get="Put your recordings and annotations.csv into a folder and give it as --data-root.",
    recordings=recordings,
    kept_in=KEPT_IN,
    pieces=pieces,
    checks=checks,
)
