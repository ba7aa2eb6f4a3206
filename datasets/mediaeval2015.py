"""MediaEval 2015 "Emotion in Music", dynamic task: the paper's dataset.

Source  A. Aljanaki, Y.-H. Yang, M. Soleymani, "Emotion in Music task at MediaEval 2015"
Split   431 excerpts of 30 s (60 frames from second 15) to learn from; 58 full songs to be scored
        on, DEAM ids 2001-2058
Labels  `deam`: DEAM's averages for all songs. `mediaeval2015`: the development labels as the 2015
        participants received them; their swings inside a song are larger and, for ids above 1000,
        song means of valence and arousal are interchanged. Evaluation labels are DEAM's in both.
Families  `artist`: songs of an artist are learned from together, and development songs by an artist
        of the evaluation songs are left out; `none` is the task as it was set
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from datasets.contract import TARGETS, DatasetError, Song, Split
from datasets.deam_files import HOW_TO_GET, read_dynamic_annotations, read_table, require_root
from datasets.deam_songs import artist_families
from datasets.features.registry import open_reader
from datasets.registry import ADDED_LATER

EVALUATION_IDS = range(2001, 2059)
DEVELOPMENT_FRAMES = 60
PARTICIPANT_LABELS = Path("mediaeval2015", "dev_labels_2015.csv")
PARTICIPANT_ORDER = ("arousal", "valence")  # columns of the participants' file

Labels = dict[int, tuple[NDArray[np.float64], NDArray[np.float32]]]
Families = Literal["none", "artist"]


@dataclass(frozen=True)
class MediaEval2015Options:
    """Which labels the development songs carry, and what keeps songs together."""

    labels: Literal["deam", "mediaeval2015"] = "deam"
    families: Families = field(default="none", metadata=ADDED_LATER)


def development_ids() -> list[int]:
    """Return the 431 development ids in the order of the participants' label file."""
    with files("datasets").joinpath("mediaeval2015_development_ids.csv").open() as lines:
        return [int(song_id) for song_id in pd.read_csv(lines, comment="#")["song_id"]]


def load(options: MediaEval2015Options, features: str, data_root: Path | None) -> Split:
    """Read both sides from the data folder; every song is checked before any is used."""
    root = require_root(data_root)
    annotations = read_dynamic_annotations(root)
    ids = development_ids()
    missing = [song_id for song_id in [*ids, *EVALUATION_IDS] if song_id not in annotations]
    if missing:
        raise DatasetError(
            f"DEAM's annotations in {root} lack {len(missing)} of the songs of MediaEval 2015"
            f" (first: {missing[0]}); the files are cut or incomplete. {HOW_TO_GET}"
        )
    labels: Labels = {song_id: annotations[song_id] for song_id in [*ids, *EVALUATION_IDS]}
    short = [song_id for song_id in ids if len(labels[song_id][0]) != DEVELOPMENT_FRAMES]
    if short:
        raise DatasetError(
            f"Development song {short[0]} has {len(labels[short[0]][0])} annotations in {root},"
            f" expected {DEVELOPMENT_FRAMES}; the files are damaged. {HOW_TO_GET}"
        )
    if options.labels == "mediaeval2015":
        participants = read_participant_labels(root / PARTICIPANT_LABELS)
        labels |= {song_id: (labels[song_id][0], participants[k]) for k, song_id in enumerate(ids)}
    sides = (ids, EVALUATION_IDS)
    return make_split(root, features, labels, *sides, families=options.families)


def make_split(
    data_root: Path,
    features: str,
    labels: Labels,
    development: Sequence[int],
    evaluation: Sequence[int],
    families: Families = "none",
) -> Split:
    """Read the features of both sides and put them beside their labels."""
    named = [*development, *evaluation] if families == "artist" else []
    family_of = artist_families(data_root, named) if named else {}
    learned = without_families_of(evaluation, development, family_of)
    read_features = open_reader(features, data_root)

    def song(song_id: int) -> Song:
        times, targets = labels[song_id]
        rows_TF = read_features(song_id, times)
        return Song(str(song_id), rows_TF, targets, times, family_of.get(song_id, ""))

    return Split(
        development=tuple(song(song_id) for song_id in learned),
        evaluation=tuple(song(song_id) for song_id in evaluation),
        made_by=read_features.made_by(),
        notes=_families_note(family_of, learned, evaluation, len(development) - len(learned)),
    )


def without_families_of(
    evaluation: Iterable[int], development: Sequence[int], family_of: Mapping[int, str]
) -> list[int]:
    """Return the development songs of no family that evaluation songs have."""
    evaluated = {family_of.get(song_id) for song_id in evaluation} - {None}
    kept = [song_id for song_id in development if family_of.get(song_id) not in evaluated]
    if development and not kept:
        raise DatasetError(
            f"Every artist of the {len(development)} development songs also has an evaluation song,"
            " so families=artist leaves nothing to learn from; give other songs or families=none."
        )
    return kept


def _families_note(
    family_of: Mapping[int, str], development: Sequence[int], evaluation: Iterable[int], n_out: int
) -> tuple[str, ...]:
    if not family_of:
        return ()
    artists = [len({family_of[song_id] for song_id in side}) for side in (development, evaluation)]
    return (
        f"Families are artists: {artists[0]:,} of {len(development):,} development songs,"
        f" {artists[1]:,} of the evaluation songs. {n_out:,} more songs are left out of"
        " development, as their artist has an evaluation song.",
    )


def read_participant_labels(path: Path) -> NDArray[np.float32]:
    """Read the 2015 development labels: (431, 60, 2), the file's columns put in our order."""
    advice = "It holds the 2015 participants' labels; without it use labels=deam."
    table = read_table(path, advice, header=None)
    n_songs = len(development_ids())
    expected = (n_songs * DEVELOPMENT_FRAMES, len(TARGETS))
    if table.shape != expected or not all(kind.kind == "f" for kind in table.dtypes):
        raise DatasetError(
            f"File {path} is damaged: expected {expected[0]} rows of 2 numbers,"
            f" got {table.shape[0]} rows of {table.shape[1]} columns. {advice}"
        )
    columns = [PARTICIPANT_ORDER.index(target) for target in TARGETS]
    values = table.to_numpy(dtype=np.float32)[:, columns]
    return values.reshape(n_songs, DEVELOPMENT_FRAMES, len(TARGETS))
