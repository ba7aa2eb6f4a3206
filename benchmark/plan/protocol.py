"""Protocol: which songs a model learns from, what it stops on and which songs score it.

The default is the only one that measures anything new: learn and stop on development songs, open
the evaluation songs once. The others measure what a different habit would have printed.
"""

from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.contract import DatasetError, Song, Split
from datasets.splits import families_of, song_folds

WHOLE = "whole"


@dataclass(frozen=True)
class ProtocolConfig:
    """How a model is selected and scored; anything but the default is named in every table.

    `fold_over=all` deals the evaluation songs into folds as well: for datasets too small for one
    split to decide anything, and never for a search.
    """

    selection: Literal["held_out", "evaluation", "last"] = "held_out"  # which epoch is kept
    folds: Annotated[int, Field(ge=2)] | None = None  # cross-validation, whole families a fold
    fold_over: Literal["development", "all"] = "development"  # which songs are dealt into folds
    test_sequence_length: Annotated[int, Field(ge=1)] | Literal["whole"] | None = None  # as trained


@plain_dataclass(frozen=True)
class Round:
    """Songs to learn from, and those to score on: evaluation songs, or the held-out fold."""

    name: str  # "" where there is only one
    learning: Sequence[Song]
    scored: Sequence[Song]


def rounds(split: Split, protocol: ProtocolConfig, seed: int) -> list[Round]:
    """Return the one official round, or k rounds in which every song dealt is held out once."""
    if protocol.folds is None and not split.evaluation:
        raise DatasetError(
            "The dataset has no evaluation songs. Evaluate every song in turn with"
            " --set protocol.folds=10 --set protocol.fold_over=all, or give it evaluation songs."
        )
    if protocol.folds is None:
        check_enough(split.development)
        return [Round("", split.development, split.evaluation)]
    songs = split.songs if protocol.fold_over == "all" else split.development
    folds = song_folds(songs, protocol.folds, seed)
    for fold in folds:
        check_enough([song for other in folds if other is not fold for song in other])
    return [
        Round(
            name=f"fold {index}",
            learning=[song for other in folds if other is not fold for song in other],
            scored=fold,
        )
        for index, fold in enumerate(folds, start=1)
    ]


def check_enough(learning: Sequence[Song]) -> None:
    """Refuse fewer songs to learn from than models need, which hold some of them out."""
    if len(families_of(learning)) < 2:
        given = "1 song" if len(learning) == 1 else f"{len(learning)} songs of one family"
        raise DatasetError(
            f"There is nothing to choose settings on: {given} to learn from, and models hold songs"
            " out of these. Give songs of two families or more; a song without one counts as one."
        )
