"""What a run of MLflow says, as a value: the same entry makes the same run in any store."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from pathlib import Path
from typing import Any, Literal

from benchmark.record.record import RunRecord

CELL_TAG, GROUP_TAG, KIND_TAG, FILE_TAG = "mer.cell", "mer.group", "mer.kind", "mer.record"
TRIAL_TAG, MODEL_TAG, STATUS_TAG = "mer.trial", "mer.model", "mer.status"
PARENT_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"  # the description that the UI shows
LAYOUT = 2  # raise it when copies of the same records would look different
MOST_NETWORKS = 10  # whose curves are copied

Kind = Literal["mean", "cell", "search", "trial"]
Point = tuple[str, float, int]  # name, value and step
# by which tag the runs of a kind are told apart: everywhere, or else in their experiment
KEYS: dict[Kind, tuple[str, bool]] = {
    "mean": (GROUP_TAG, True),
    "cell": (CELL_TAG, True),
    "search": (KIND_TAG, False),
    "trial": (TRIAL_TAG, False),
}


@dataclass(frozen=True)
class Dataset:
    """What a run was trained and evaluated on."""

    name: str
    digest: str
    source: str  # JSON


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A run of MLflow; where it has a digest, one that says the same has the same digest."""

    kind: Kind
    experiment: str
    about: Callable[[], Mapping[str, str]]  # the tags of the experiment
    name: str
    tags: Mapping[str, str]
    digest: str = ""  # of all that it says; "" of a parent that is not summarised yet
    parent: "Entry | None" = None
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float | int | None] = field(default_factory=dict)
    curves: Sequence[Point] = ()
    dataset: Dataset | None = None
    started: int | None = None  # milliseconds; None: when the run is made
    milliseconds: int = 0
    status: str = "FINISHED"
    files: Sequence[Path] = ()


@dataclass(frozen=True)
class Copy:
    """A run that this suite made, with the tags that this suite gave it."""

    run_id: str
    experiment: str  # its id
    is_whole: bool  # False: cut short, being written, or a parent whose children have changed
    tags: Mapping[str, str]

    @property
    def key(self) -> tuple[str, ...]:
        """Return what no two runs of a store share; () of what is none of ours."""
        kind = self.tags.get(KIND_TAG)
        if kind not in KEYS:
            return ()
        tag, is_everywhere = KEYS[kind]
        return kind, self.tags.get(tag, ""), "" if is_everywhere else self.experiment

    @property
    def digest(self) -> str:
        """Return the digest of the entry that it was made of."""
        return self.tags.get(FILE_TAG, "")

    @property
    def parent(self) -> str:
        """Return the run above it."""
        return self.tags.get(PARENT_TAG, "")


def digest_of(content: bytes) -> str:
    """Return the digest of a record's file, by which a copy is known to be up to date."""
    return hashlib.sha256(b"%d" % LAYOUT + content).hexdigest()


def curves_of(record: RunRecord) -> list[Point]:
    """Return the learning curves of a record's networks; those of very many stay in its file.

    An ensemble of 30 networks has 60 curves, which nobody reads and MLflow writes for a second.
    """
    if len(record.curves) > MOST_NETWORKS:
        return []
    points: list[Point] = []
    for network, curve in record.curves.items():
        prefix = "" if len(record.curves) == 1 else f"{metric_name(network)}/"
        for name in ("training_loss", "validation_rmse"):
            points += [(prefix + name, value, epoch) for epoch, value in enumerate(curve[name], 1)]
    return points


def with_logarithms(costs: Mapping[str, float | int | None]) -> dict[str, float | int | None]:
    """Return costs and, for MLflow's charts, whose axes are linear, their logarithms.

    `n_parameters` gives `log10_parameters`; a cost of nothing has no logarithm.
    """
    return {
        **costs,
        **{f"log10_{key.removeprefix('n_')}": log10(cost) for key, cost in costs.items() if cost},
    }


def metric_name(name: str) -> str:
    """Return a name that MLflow accepts for a metric."""
    return "".join(character if character.isalnum() else "_" for character in name)
