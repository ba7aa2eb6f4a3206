"""Which recording of a user's folder belongs to which song of the annotations.

A recording lies directly in the folder or in `audio/` below it and is known by its name without
the suffix. Recordings without annotations are welcome: they are what one predicts later.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from datasets.contract import DatasetError
from datasets.folder_table import RECORDINGS, Table, read_table, song_name

ANNOTATIONS = "annotations.csv"
AUDIO = "audio"
NAMED_AT_MOST = 5  # songs in one sentence
Recordings = dict[str, list[Path]]  # by name without suffix


def require_root(data_root: Path | None) -> Path:
    """Return the data folder, or say which one was expected."""
    if data_root is None:
        raise DatasetError(
            "Dataset folder needs the folder that holds your recordings and their"
            f" {ANNOTATIONS}. Give --data-root FOLDER or set MER_DATA."
        )
    if not data_root.is_dir():
        raise DatasetError(f"There is no folder {data_root}; give --data-root FOLDER.")
    return data_root


def find_recordings(root: Path) -> Recordings:
    """Return all recordings of the folder by name."""
    found = defaultdict(list)
    for place in (root, root / AUDIO):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            is_hidden = path.name.startswith(".")
            if path.suffix.lower() in RECORDINGS and not is_hidden and path.is_file():
                found[song_name(path.name)].append(path)
    return dict(found)


def audio_of(table: Table, recordings: Recordings) -> dict[str, Path]:
    """Return the recording of every song; a song without one, or with two, is an error."""
    _check_complete(table, recordings)
    for song in table.songs:
        if len(recordings[song.name]) > 1:
            files = ", ".join(map(str, recordings[song.name]))
            raise DatasetError(
                f"Song {song.name} has {len(recordings[song.name])} recordings: {files}."
                " Keep one of them, or rename."
            )
    return {song.name: recordings[song.name][0] for song in table.songs}


def _check_complete(table: Table, recordings: Recordings) -> None:
    missing = [song for song in table.songs if song.name not in recordings]
    if not missing:
        return
    first = missing[0]
    others = sorted(recordings.keys() - {song.name for song in table.songs})
    close = get_close_matches(first.name, others, n=1)
    raise DatasetError(
        f"File {table.path}, row {first.rows[0]}: {len(missing):,} of {len(table.songs):,} songs"
        f" have no recording in {table.path.parent} or its folder {AUDIO}/:"
        f" {named([song.name for song in missing])}."
        + (f" Did you mean '{close[0]}'?" if close else "")
        + f" Add the files ({', '.join(suffix[1:] for suffix in RECORDINGS)}), or remove the rows."
    )


def recordings(data_root: Path) -> list[Path]:
    """Return the recordings to extract: of all songs annotated in `annotations.csv`.

    Other CSV files count where they are annotations as well, for `folder.annotations` may name one.
    """
    root = require_root(data_root)
    found, audio = find_recordings(root), dict[str, Path]()
    for path in sorted(root.glob("*.csv")):
        if path.name != ANNOTATIONS:
            with suppress(DatasetError):
                audio |= audio_of(read_table(path), found)
    if (root / ANNOTATIONS).is_file() or not audio:
        audio |= audio_of(read_table(root / ANNOTATIONS), found)
    return [audio[name] for name in sorted(audio)]


def named(names: Sequence[str]) -> str:
    """Return the first names, and that there are more."""
    more = ", ..." if len(names) > NAMED_AT_MOST else ""
    return ", ".join(names[:NAMED_AT_MOST]) + more
