"""The one value every later stage reads: add a field, raise `SCHEMA`."""

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

from benchmark.plan.cell import CellFields
from benchmark.plan.values import STORED, Count, Digest, Name, Score, stored_as
from benchmark.record.shapes import (
    Circumstances,
    LearningCurve,
    PerSong,
    Protocol,
    SongCounts,
)

SCHEMA = 2
Status = Literal["done", "diverged", "failed"]
Scores = dict[str, Score | None]


@dataclass(frozen=True, kw_only=True)
class CellOutcome:
    """What training and scoring a cell gave; errors are in annotation units on [-1, 1]."""

    status: Status
    error: str | None = None  # one line when status is not "done"

    scores: Scores = field(default_factory=dict)  # evaluation songs, or held-out folds
    components: dict[str, Scores] = field(default_factory=dict)  # of the model, same songs
    training_scores: Scores = field(default_factory=dict)  # songs learned from: training error
    per_song: Annotated[dict[str, list[Any]], stored_as(PerSong)] = field(
        default_factory=dict
    )  # the same songs, one per row
    references: dict[str, Scores] = field(default_factory=dict)  # lines, not models
    parameters: dict[str, Count] = field(default_factory=dict)  # by component
    flops: Count | None = None  # multiply-adds for 60 frames
    uncounted_operations: list[Name] = field(default_factory=list)
    curves: dict[str, Annotated[dict[str, Any], stored_as(LearningCurve)]] = field(
        default_factory=dict
    )  # per network


@dataclass(frozen=True, kw_only=True)
class RecordHead:
    """How a record begins: which cell it is of."""

    schema: int = SCHEMA
    cell: Digest  # of everything that decides the outcome
    group: Digest  # shared by the repetitions of this cell
    name: Name  # model, sequence length and repetition, for people


@dataclass(frozen=True, kw_only=True)
class RunRecord(CellOutcome, CellFields, RecordHead):
    """What one finished cell leaves behind: one JSON file, readable without this code.

    Everything but `circumstances` is the same, bit for bit, whenever the cell runs again on the
    same machine.
    """

    __pydantic_config__ = STORED

    protocol: Annotated[dict[str, Any], stored_as(Protocol)]
    n_features: Count
    n_songs: Annotated[dict[str, int], stored_as(SongCounts)]
    circumstances: Annotated[dict[str, Any], stored_as(Circumstances)] = field(
        default_factory=dict
    )  # seconds, memory, machine

    @property
    def n_parameters(self) -> int | None:
        """Total of all parts; None for a cell that did not finish."""
        return sum(self.parameters.values()) if self.parameters else None

    @property
    def folds(self) -> int | None:
        """Folds of cross-validation over development songs; None: evaluation songs."""
        return self.protocol.get("folds")

    @property
    def folds_over(self) -> str:
        """Which songs were dealt into folds: "development" or "all"; records of before say none."""
        return str(self.protocol.get("fold_over", "development"))

    @property
    def labels(self) -> str:
        """Return which annotations the dataset carried."""
        return str(self.dataset_options.get("labels", self.dataset))


FILE_ORDER = [each.name for each in fields(RunRecord)]  # of the JSON; but for four names, as here
for _next, *_moved in (("model", "status", "error"), ("sequence_length", "n_features", "n_songs")):
    for _name in _moved:
        FILE_ORDER.remove(_name)
        FILE_ORDER.insert(FILE_ORDER.index(_next), _name)
