"""VGMIDI: 200 piano arrangements of video-game music, each rated through time by about 30 people.

Source   L. Ferreira and J. Whitehead, "Learning to generate music with sentiment", ISMIR 2019
Sound    rendered from MIDI by FluidSynth (see `datasets/midi.py`): say "rendered piano" wherever
         numbers are shown
Labels   `trimmed`: at every frame the mean of its raters without the highest and lowest fifth;
         `mean`: of all. A frame's label is the one at the end of its half second
Split    by game, as pieces of one game share themes, instruments and mood; the evaluation games are
         listed in `vgmidi_evaluation_games.csv`
"""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.commands import extract_command
from datasets.contract import FRAME_SECONDS, DatasetError, Song, Split
from datasets.features.cache import ExtractedReader, rows_at
from datasets.features.registry import extractor_for
from datasets.raters import Raters
from datasets.vgmidi_files import (
    FOLDER,
    MIDI,
    OPTION,
    Piece,
    at_times,
    how_to_get,
    read_pieces,
    seconds_of,
)

KEPT_IN = "vgmidi"
TRIM = {"trimmed": 0.2, "mean": 0.0}  # of the raters, at either end


@dataclass(frozen=True)
class VGMIDIOptions:
    """How raters are summed up, and how many seconds at the start are left out (DEAM: 15).

    Seconds left out are gone for the features as well: no model remembers them.
    """

    labels: Literal["trimmed", "mean"] = "trimmed"
    skip_seconds: Annotated[float, Field(ge=0, multiple_of=FRAME_SECONDS)] = 0.0


def load(options: VGMIDIOptions, features: str, data_root: Path | None) -> Split:
    """Read both sides from the data folder; every piece is checked before any is used."""
    root = require_root(data_root)
    extract = extract_command(features, root, OPTION)
    reader = ExtractedReader(root, extractor_for(features), extract, KEPT_IN)
    pieces = read_pieces(root)
    held_out = evaluation_games()
    sides: dict[bool, list[Song]] = {False: [], True: []}
    for piece, raters, times in piece_songs(root, pieces, options):
        audio = root / MIDI / piece.midi
        rows_NF = reader.rows(audio.stem, audio)
        rows_TF = rows_at(rows_NF, times, f"Piece {piece.piece_id}", extract)
        labels = raters.mean().astype(np.float32)
        song = Song(piece.piece_id, rows_TF, labels, times, piece.game, raters)
        sides[piece.game in held_out].append(song)
    return Split(
        development=tuple(sides[False]), evaluation=tuple(sides[True]), made_by=reader.made_by()
    )


def require_root(data_root: Path | None) -> Path:
    """Return the data folder, or say which one was expected."""
    if data_root is None:
        raise DatasetError(
            f"Dataset vgmidi needs a data folder that holds {FOLDER}/. Give --data-root FOLDER or"
            " set MER_DATA."
        )
    if not (data_root / FOLDER).is_dir():
        raise DatasetError(
            f"No folder {FOLDER}/ in the data folder {data_root}. {how_to_get(data_root)}"
        )
    return data_root


def evaluation_games() -> frozenset[str]:
    """Return the games whose pieces are evaluation songs."""
    with files("datasets").joinpath("vgmidi_evaluation_games.csv").open() as lines:
        return frozenset(pd.read_csv(lines, comment="#")["game"])


def piece_songs(
    data_root: Path, pieces: Iterable[Piece], options: VGMIDIOptions
) -> Iterator[tuple[Piece, Raters, NDArray[np.float64]]]:
    """Yield every piece, its raters' curves and the times (T,) at which its frames begin."""
    for piece in pieces:
        length = seconds_of(data_root / MIDI / piece.midi)
        first, n_frames = (int(value / FRAME_SECONDS) for value in (options.skip_seconds, length))
        if n_frames <= first:
            raise DatasetError(
                f"Piece {piece.piece_id} lasts {length:.1f} s; vgmidi.skip_seconds="
                f"{options.skip_seconds:g} leaves nothing of it. Give fewer."
            )
        times = FRAME_SECONDS * np.arange(first, n_frames, dtype=np.float64)
        curves = at_times(piece.by_measure_RM2, length, times + FRAME_SECONDS)
        yield piece, Raters(curves, TRIM[options.labels]), times


def recordings(data_root: Path) -> list[Path]:
    """Return the MIDI files of the rated pieces."""
    return [data_root / MIDI / piece.midi for piece in read_pieces(require_root(data_root))]
