"""Protocol: which songs a model learns from, what it stops on and which songs judge it.

The default is the only one that measures anything new: learn and stop on development songs, open
the evaluation songs once. The others measure what a different habit would have printed.
"""

from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.contract import Song, Split
from datasets.splits import song_folds

WHOLE = "whole"


@dataclass(frozen=True)
class ProtocolConfig:
    """How a model is selected and judged; anything but the default is named in every table."""

    selection: Literal["held_out", "evaluation", "last"] = "held_out"  # which epoch is kept
    folds: Annotated[int, Field(ge=2)] | None = None  # judge on development songs, k-fold
    test_sequence_length: Annotated[int, Field(ge=1)] | Literal["whole"] | None = None  # as trained


@plain_dataclass(frozen=True)
class Round:
    """Songs to learn from and the songs that judge what was learned."""

    name: str  # "" where there is only one
    learning: Sequence[Song]
    judging: Sequence[Song]


def rounds(split: Split, protocol: ProtocolConfig, seed: int) -> list[Round]:
    """Return the one official round, or k rounds in which every development song judges once."""
    if protocol.folds is None:
        return [Round("", split.development, split.evaluation)]
    folds = song_folds(split.development, protocol.folds, seed)
    return [
        Round(
            name=f"fold {index}",
            learning=[song for other in folds if other is not fold for song in other],
            judging=fold,
        )
        for index, fold in enumerate(folds, start=1)
    ]
