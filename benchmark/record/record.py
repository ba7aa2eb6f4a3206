"""The one value every later stage reads: add a field, raise `SCHEMA`."""

from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA = 2
Status = Literal["done", "diverged", "failed"]
Scores = dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What one finished cell leaves behind: one JSON file, readable without this code.

    Everything but `circumstances` is the same, bit for bit, whenever the cell runs again on the
    same machine. Errors are in annotation units on [-1, 1].
    """

    schema: int = SCHEMA
    cell: str  # digest of everything that decides the outcome
    group: str  # digest shared by the repetitions of this cell
    name: str  # model, sequence length and repetition, for people
    status: Status
    error: str | None = None  # one line when status is not "done"

    model: str
    model_version: str
    config: dict[str, Any]
    settings: dict[str, Any]  # what differs from the defaults
    training: dict[str, Any]
    protocol: dict[str, Any]
    harness: int
    dataset: str
    dataset_options: dict[str, Any]
    dataset_digest: str
    features: str
    n_features: int
    n_songs: dict[str, int]  # development, evaluation
    sequence_length: int | None
    repetition: int
    base_seed: int

    scores: Scores = field(default_factory=dict)  # judging songs: evaluation, or held-out folds
    components: dict[str, Scores] = field(default_factory=dict)  # parts of the model, same songs
    training_scores: Scores = field(default_factory=dict)  # songs learned from: training error
    per_song: dict[str, list[Any]] = field(default_factory=dict)  # judging songs, one per row
    references: dict[str, Scores] = field(default_factory=dict)  # lines, not models
    parameters: dict[str, int] = field(default_factory=dict)  # by part
    flops: int | None = None  # multiply-adds for 60 frames
    uncounted_operations: list[str] = field(default_factory=list)
    curves: dict[str, dict[str, Any]] = field(default_factory=dict)  # per network

    circumstances: dict[str, Any] = field(default_factory=dict)  # seconds, memory, machine

    @property
    def n_parameters(self) -> int | None:
        """Total of all parts; None for a cell that did not finish."""
        return sum(self.parameters.values()) if self.parameters else None

    @property
    def folds(self) -> int | None:
        """Folds of cross-validation over development songs; None: evaluation songs judged."""
        return self.protocol.get("folds")

    @property
    def folds_over(self) -> str:
        """Which songs were dealt into folds: "development" or "all"; records of before say none."""
        return str(self.protocol.get("fold_over", "development"))

    @property
    def labels(self) -> str:
        """Which annotations the dataset carried."""
        return str(self.dataset_options.get("labels", self.dataset))
