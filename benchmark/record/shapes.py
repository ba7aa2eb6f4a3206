"""What the mappings in a record hold, for reading it back.

Keys that a later stage relies on are named here with their types; of `OPEN` mappings, further keys
are kept as they are and read by no one.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict  # typing has one that pydantic takes from 3.12 on

from benchmark.plan.values import OPEN, STORED, Count, Error, Instant, Name, Score, Seconds


class Protocol(TypedDict):
    """How a cell was selected and scored; older records lack the newer options."""

    __pydantic_config__ = STORED  # type: ignore[misc]  # no key, but where pydantic looks

    selection: Literal["held_out", "evaluation", "last"]
    folds: Count | None
    fold_over: NotRequired[Literal["development", "all"]]
    test_sequence_length: Count | Literal["whole"] | None


class SongCounts(TypedDict):
    """Songs on either side of the split."""

    __pydantic_config__ = STORED  # type: ignore[misc]

    development: Count
    evaluation: Count


class PerSong(TypedDict, total=False):
    """Songs that scored a cell, in the dataset's order: one list entry each."""

    __pydantic_config__ = OPEN  # type: ignore[misc]

    song_id: list[Name]
    n_frames: list[Count]
    family: list[Name]
    rmse_valence: list[Error]
    rmse_arousal: list[Error]
    mae_valence: list[Error]
    mae_arousal: list[Error]
    pearson_r_valence: list[Score | None]
    pearson_r_arousal: list[Score | None]
    ccc_valence: list[Score | None]
    ccc_arousal: list[Score | None]


class LearningCurve(TypedDict):
    """One network's training, a value per epoch."""

    __pydantic_config__ = STORED  # type: ignore[misc]

    training_loss: list[Error]
    validation_rmse: list[Error]
    best_epoch: Count
    n_steps: NotRequired[Count]


class Environment(TypedDict):
    """Versions, commit and machine."""

    __pydantic_config__ = OPEN  # type: ignore[misc]

    commit: str


class Circumstances(TypedDict):
    """What a cell ran on, and how long."""

    __pydantic_config__ = OPEN  # type: ignore[misc]

    device: Name
    gpu: NotRequired[Name]
    kernels: NotRequired[str | None]
    features_made_by: NotRequired[str | None]
    started: Instant
    train_seconds: NotRequired[Seconds]
    predict_seconds: NotRequired[Seconds]
    train_joules: NotRequired[Score | None]
    traceback: NotRequired[str]
    total_seconds: Seconds
    peak_memory_bytes: NotRequired[Count]
    environment: Environment
