"""A user's own recordings and one CSV of annotations (columns: see `datasets/folder_table.py`).

Files     the data folder itself: recordings (mp3, wav, flac, ogg, MIDI) directly in it or in
          `audio/` below it, and `annotations.csv`
Features  extracted by `data extract --dataset folder`, with the code that `predict` uses
Split     as the CSV's column `split` says; without one, whole families by a fixed seed
"""

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from datasets.commands import extract_command
from datasets.contract import FRAME_SECONDS, DatasetError, Song, Split
from datasets.features.cache import ExtractedReader
from datasets.features.registry import extractor_for
from datasets.folder_audio import (
    ANNOTATIONS,
    audio_of,
    find_recordings,
    require_root,
)
from datasets.folder_frames import Curve, check_end, curve_of
from datasets.folder_notes import file_notes, rating_notes
from datasets.folder_table import SIDES, RatedSong, Table, read_table
from datasets.splits import hold_out

KEPT_IN = "folder"
SPLIT_SEED = 2017


def _two_numbers(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("give the lowest and the highest rating, as in folder.scale=1,9")
    return tuple(value)


@dataclass(frozen=True)
class FolderOptions:
    """The CSV's name, the scale of its ratings, and how half seconds and sides are made of it.

    `evaluation_fraction` counts where the CSV has no column `split`; `resample` averages and
    interpolates ratings that are not half a second apart.
    """

    annotations: str = ANNOTATIONS
    scale: Annotated[tuple[float, float], BeforeValidator(_two_numbers)] = (-1.0, 1.0)
    evaluation_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    resample: bool = False

    def __post_init__(self) -> None:
        """Refuse a file that is not in the data folder, and a scale without extent."""
        if Path(self.annotations).name != self.annotations or "\\" in self.annotations:
            raise ValueError(
                f"annotations={self.annotations} leads elsewhere; give the name of a file that is"
                " directly in the data folder"
            )
        if self.scale[0] >= self.scale[1]:
            low, high = self.scale
            raise ValueError(f"scale={low:g},{high:g}; give the lowest rating, then the highest")


def load(options: FolderOptions, features: str, data_root: Path | None) -> Split:
    """Read annotations and features; every row is checked before any feature is read."""
    root = require_root(data_root)
    table = read_table(root / options.annotations)
    recordings = find_recordings(root)
    audio = audio_of(table, recordings)
    curves = {
        rated.name: curve_of(rated, table, options.scale, is_resampled=options.resample)
        for rated in table.songs
    }
    extract = extract_command(features, root, " --dataset folder")
    reader = ExtractedReader(root, extractor_for(features), extract, KEPT_IN)
    songs = [
        _song(rated, curves[rated.name], audio[rated.name], table, reader)
        for rated in table.songs
        if curves[rated.name].n_frames
    ]
    if not songs:
        raise DatasetError(f"File {table.path} has no rating of both valence and arousal.")
    development, evaluation = _sides(songs, table, options)
    return Split(
        development=tuple(development),
        evaluation=tuple(evaluation),
        made_by=reader.made_by(),
        notes=(
            *rating_notes(songs, curves, options.scale, is_resampled=options.resample),
            *file_notes(songs, evaluation, recordings, table),
        ),
    )


def _song(
    rated: RatedSong, curve: Curve, audio: Path, table: Table, reader: ExtractedReader
) -> Song:
    rows_NF = reader.rows(audio.stem, audio)
    frames_T, values_T2 = curve.within(len(rows_NF))
    if curve.frames_T is not None:
        check_end(rated, table, int(curve.frames_T[-1]), len(rows_NF), audio)
    return Song(
        rated.name,
        rows_NF[frames_T],
        values_T2.astype(np.float32),
        FRAME_SECONDS * frames_T.astype(np.float64),
        (rated.family or rated.name) if table.has_families else "",
    )


def _sides(
    songs: list[Song], table: Table, options: FolderOptions
) -> tuple[list[Song], list[Song]]:
    """Return development and evaluation songs, as the CSV says or by a fixed seed."""
    if not table.has_sides:
        return hold_out(songs, options.evaluation_fraction, SPLIT_SEED)
    side_of = {rated.name: rated.side for rated in table.songs}
    development, evaluation = (
        [song for song in songs if side_of[song.song_id] == side] for side in SIDES
    )
    for side, members in zip(SIDES, (development, evaluation), strict=True):
        if not members:
            raise DatasetError(
                f"File {table.path} has no {side} song; write {side} in column split of some songs,"
                " or remove the column."
            )
    return development, evaluation
