"""VGMIDI's files for the `data` command: where they belong and what they must hold.

Source  folder labelled/ of the repository lucasnfe/vgmidi
"""

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from datasets import midi
from datasets.commands import data_command
from datasets.contract import DatasetError
from datasets.files import Check, DataFiles, Piece
from datasets.inventory import bind, check_complete
from datasets.vgmidi import KEPT_IN, recordings
from datasets.vgmidi_files import (
    ANNOTATIONS,
    MIDI,
    OPTION,
    RAW_FILES,
    ROUNDS,
    how_to_get,
    is_named_as_published,
    read_round,
)

COPY = "PATH is a copy of labelled/ of the repository lucasnfe/vgmidi"
COMMIT = "1e62f0af8c866ded8e665cefad06dc02c35cb739"  # whose files the checksums are of
N_PIECES = 200
PUBLISHED = (  # sha256 of each round's file
    "d3e87b3501d83526432e77b420631c59095b53ffcc3f14f941fde9332a1b6987",
    "0bdce923e83e3a8a07fab75322ed27ce942ad0d544bca342d020f9608939cb1a",
)
# sha256 over the sha256 of the rated MIDI files, as hexadecimal text, in the order of the pieces
PUBLISHED_MIDI = "6422d27732a187aa9bd9d6bf64e40756d4c57fe04a652a7f5c7baefdb2e3f9db"
NOT_RATED = "unlabelled"  # the repository's folder of pieces without ratings


def pieces(data_root: Path) -> list[Piece]:
    """Count ratings and MIDI files, and look for what renders these."""
    n_raw = sum((data_root / ANNOTATIONS / name).is_file() for name in RAW_FILES)
    rated = _rated(data_root)
    here = {path.name for path in _midi_files(data_root)}
    n_midi, n_rated = (len(here & rated), len(rated)) if rated else (len(here), N_PIECES)
    get = f"{data_command(f'import PATH{OPTION}', data_root)} ({COPY})"
    return [
        Piece("annotations", "ratings of both rounds", n_raw, get, len(RAW_FILES)),
        Piece("midi", "the rated pieces", n_midi, get, n_rated),
        _program("fluidsynth", "renders MIDI to audio", midi.program),
        _program("sound font", "instruments to render with", midi.sound_font),
    ]


def place(path: PurePosixPath) -> Path | None:
    """Return where a file of the repository belongs below the data folder; None: not of it."""
    if path.name in RAW_FILES:
        return ANNOTATIONS / path.name
    is_rated = path.parent.name == MIDI.name and NOT_RATED not in path.parts
    return MIDI / path.name if is_rated and is_named_as_published(path.name) else None


def drop_unrated(staging: Path, data_root: Path) -> None:
    """Remove staged MIDI files that the ratings do not name; all stay while ratings are missing."""
    rated = _rated(staging, data_root)
    for path in _midi_files(staging):
        if rated and path.name not in rated:
            path.unlink()


def checks(data_root: Path) -> list[Check]:
    """Return one check per file of every piece that is here."""
    listed: list[Check] = []
    if (data_root / ANNOTATIONS).is_dir():
        listed += [
            bind(_check_published, data_root / ANNOTATIONS / name, number, sha256)
            for number, name, sha256 in zip(ROUNDS, RAW_FILES, PUBLISHED, strict=True)
        ]
    if (data_root / MIDI).is_dir():
        here = _midi_files(data_root)
        if rated := _rated(data_root):
            missing = rated - {path.name for path in here}
            what = "files of rated pieces"
            listed.append(bind(check_complete, data_root / MIDI, missing, len(rated), what))
            if not missing:
                listed.append(bind(_check_published_midi, data_root))
        listed += [bind(midi.check, path) for path in here]
    return listed


def _rated(*folders: Path) -> set[str]:
    """Return the names of the rated MIDI files; none where a round's file is missing or damaged.

    Of several folders the first that holds a round's file counts.
    """
    names: set[str] = set()
    for number, name in zip(ROUNDS, RAW_FILES, strict=True):
        paths = [folder / ANNOTATIONS / name for folder in folders]
        path = next((path for path in paths if path.is_file()), paths[0])
        try:
            names |= {piece.midi for piece in read_round(path, number)}
        except DatasetError:  # `_check_published` names it
            return set()
    return names


def _midi_files(data_root: Path) -> list[Path]:
    return sorted(path for path in (data_root / MIDI).glob("*") if midi.is_midi(path))


def _check_published(path: Path, number: int, sha256: str) -> None:
    read_round(path, number)
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise DatasetError(
            f"File {path} can be read but differs from the published one (sha256 {sha256[:8]}...);"
            f" its numbers cannot be compared with others'. {how_to_get(path.parents[2])}"
        )


def midi_digest(data_root: Path) -> str:
    """Return one sha256 over all rated MIDI files, which must be here."""
    contents = (path.read_bytes() for path in recordings(data_root))
    texts = "".join(hashlib.sha256(content).hexdigest() for content in contents)
    return hashlib.sha256(texts.encode()).hexdigest()


def _check_published_midi(data_root: Path) -> None:
    if midi_digest(data_root) != PUBLISHED_MIDI:
        raise DatasetError(
            f"The MIDI files in {data_root / MIDI} differ from those published at commit"
            f" {COMMIT[:12]} of lucasnfe/vgmidi, at least one of them; numbers cannot be compared"
            f" with others'. {how_to_get(data_root)}"
        )


def _program(name: str, summary: str, find: Callable[[], object]) -> Piece:
    """Return whether something that must be installed is here, and if not what to do."""
    try:
        find()
    except DatasetError as error:
        return Piece(name, summary, 0, str(error), is_program=True)
    return Piece(name, summary, 1, "", is_program=True)


FILES = DataFiles(
    name="VGMIDI",
    option=OPTION,
    how_to_get=how_to_get(),
    contents=f"{' and '.join(RAW_FILES)}, and MIDI files in a folder called {MIDI.name}",
    recordings=recordings,
    kept_in=KEPT_IN,
    pieces=pieces,
    checks=checks,
    place=place,
    tidy=drop_unrated,
)
