"""Read VGMIDI's annotations as published, and name the file that is wrong.

Source   L. Ferreira and J. Whitehead, "Learning to generate music with sentiment", ISMIR 2019;
         repository lucasnfe/vgmidi, folder labelled/
Files    `VGMIDI/annotations/vgmidi_raw_{1,2}.json` and `VGMIDI/midi/*.mid`, as published
Values   one per measure (four quarter notes) and rater: the last position of the cursor within it.
         Measure m of M so belongs to the time (m + 1) / M of the piece, whatever its `duration`
Missing  a cell of exactly (0, 0) was never touched: the value before it is held, and before the
         first touch the first one. Values beyond the last measure are cut. Series of no piece are
         dropped
Axes     R raters, M measures
"""

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets import midi
from datasets.commands import ANY_ROOT, data_command
from datasets.contract import TARGETS, DatasetError

FOLDER = Path("VGMIDI")
ANNOTATIONS = FOLDER / "annotations"
MIDI = FOLDER / "midi"
ROUNDS = (1, 2)
RAW_FILES = tuple(f"vgmidi_raw_{number}.json" for number in ROUNDS)
OPTION = " --dataset vgmidi"  # of the `data` command
N_FIELDS = 3  # of a MIDI file's name that name the game
LONGER_AT_MOST = 1  # three series are one value too long


@dataclass(frozen=True, eq=False)
class Piece:
    """One rated piece: its MIDI file's name and the values of its raters by measure."""

    piece_id: str  # "r1_piece0": round and number together
    midi: str
    by_measure_RM2: NDArray[np.float64]  # on [-1, 1], nothing missing

    @property
    def game(self) -> str:
        """Return series, console and game: the first three fields of the file's name."""
        return "_".join(self.midi.split("_")[:N_FIELDS])


def how_to_get(data_root: Path = ANY_ROOT) -> str:
    """Return where the files are published, and the command that brings them here."""
    return (
        "It is in the folder labelled/ of the repository lucasnfe/vgmidi:"
        f" {data_command(f'import PATH{OPTION}', data_root)}"
    )


def read_pieces(data_root: Path) -> list[Piece]:
    """Read all pieces of both rounds, in the order of the files."""
    pieces = [
        piece
        for number, name in zip(ROUNDS, RAW_FILES, strict=True)
        for piece in read_round(data_root / ANNOTATIONS / name, number)
    ]
    name, count = Counter(piece.midi for piece in pieces).most_common(1)[0]
    if count > 1:
        raise _damaged(data_root / ANNOTATIONS / RAW_FILES[-1], f"{count} pieces name {name}")
    return pieces


def is_named_as_published(name: str) -> bool:
    """Tell whether a file's name is series_console_game_title.mid."""
    return midi.is_midi(Path(name)) and name.count("_") >= N_FIELDS


def read_round(path: Path, number: int) -> list[Piece]:
    """Read the pieces of one round."""
    raw = _read_json(path)
    pieces, annotations = raw.get("pieces"), raw.get("annotations")
    if not isinstance(pieces, dict) or not isinstance(annotations, dict) or not pieces:
        raise _damaged(path, "it lacks 'pieces' or 'annotations'")
    by_piece: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for name, series in annotations.items():
        piece = name.rpartition("_")[0]
        if piece in pieces:
            n_measures = _n_measures(path, piece, pieces[piece])
            by_piece[piece].append(touched(_series(path, name, series, n_measures)))
    unrated = [piece for piece in pieces if len(by_piece[piece]) < 2]
    if unrated:
        raise _damaged(path, f"{unrated[0]} has fewer than two raters")
    return [
        Piece(f"r{number}_{piece}", _midi_name(path, piece, about), np.stack(by_piece[piece]))
        for piece, about in pieces.items()
    ]


def touched(values_M2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace cells that were never touched by the value before; before the first, by the first."""
    is_touched = (values_M2 != 0).any(axis=1)
    places = np.where(is_touched, np.arange(len(values_M2)), 0)
    places = np.maximum.accumulate(places)
    places[: int(is_touched.argmax())] = is_touched.argmax()
    held: NDArray[np.float64] = values_M2[places]
    return held


def seconds_of(path: Path) -> float:
    """Return a MIDI file's length; of the published files it is known by their contents."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # `midi` says what is wrong
        digest = ""
    return published_seconds().get(digest) or midi.seconds(path)


@cache
def published_seconds() -> dict[str, float]:
    """Return the lengths of the published MIDI files by their sha256."""
    with files("datasets").joinpath("vgmidi_seconds.csv").open() as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {row["sha256"]: float(row["seconds"]) for row in rows}


def at_times(
    by_measure_RM2: NDArray[np.float64], seconds: float, times: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the curves (R, T, 2) at times in seconds of a piece that lasts so many seconds.

    Linear between the ends of measures; before the first end, its value.
    """
    n_raters, n_measures, _ = by_measure_RM2.shape
    ends = (np.arange(n_measures) + 1) / n_measures * seconds
    curves = np.empty((n_raters, len(times), len(TARGETS)), np.float32)
    for rater in range(n_raters):
        for column in range(len(TARGETS)):
            curves[rater, :, column] = np.interp(times, ends, by_measure_RM2[rater, :, column])
    return curves


def _series(path: Path, name: str, series: Any, n_measures: int) -> NDArray[np.float64]:
    """Return one rater's values (M, 2), checked and cut to the measures of the piece."""
    columns: list[Any] = [
        series.get(target) if isinstance(series, dict) else None for target in TARGETS
    ]
    if not all(map(_is_on_scale, columns)):
        raise _damaged(path, f"{name} lacks numbers in [-1, 1] of valence or arousal")
    lengths, longest = [len(column) for column in columns], n_measures + LONGER_AT_MOST
    if lengths[0] != lengths[1] or not n_measures <= lengths[0] <= longest:
        raise _damaged(path, f"{name} has {lengths[0]} values for {n_measures} measures")
    values = np.stack([np.array(column, np.float64) for column in columns], axis=1)[:n_measures]
    if not values.any():
        raise _damaged(path, f"{name} was never touched: all its values are 0")
    return values


def _is_on_scale(values: Any) -> bool:
    """Tell whether these are numbers in [-1, 1], as JSON writes them: no text, no NaN."""
    return isinstance(values, list) and all(
        type(value) in (int, float) and -1 <= value <= 1 for value in values
    )


def _n_measures(path: Path, piece: str, about: Any) -> int:
    n_measures = about.get("measures") if isinstance(about, dict) else None
    if type(n_measures) is not int or n_measures < 1:  # True is an int as well
        raise _damaged(path, f"{piece} has no number of measures")
    return n_measures


def _midi_name(path: Path, piece: str, about: Mapping[str, Any]) -> str:
    """Return the name of a piece's MIDI file, which is a name and no path."""
    name = about.get("midi")
    if not isinstance(name, str) or Path(name).name != name or not is_named_as_published(name):
        raise _damaged(path, f"{piece} names no MIDI file")
    return name


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DatasetError(f"File {path} is missing. {how_to_get(path.parents[2])}")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(raw, dict):
        raise _damaged(path, "it holds no object")
    return raw


def _damaged(path: Path, why: str) -> DatasetError:
    return DatasetError(f"File {path} is damaged: {why}. {how_to_get(path.parents[2])}")
