"""Cell: one model trained once; its name, its digest and its seed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from benchmark.plan.seeds import derive
from benchmark.plan.values import STORED, Count, Digest, Name, Values, Whole

HARNESS = 2  # raise it when the same cell would be trained or scored otherwise
SHOWN_ONLY = ("config", "training", "protocol", "dataset_options")  # told whole, not in the key
SHARED = ("repetition", "base_seed")  # in the key, and not in that of the group
_as_text = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Everything that decides an outcome, as plain JSON-ready values.

    The key holds what differs from the defaults, so that a later option whose default is the
    former behaviour leaves every record valid. A default that changes raises the model's version
    or `HARNESS`; a test keeps watch. A dataset's options are in its digest.
    """

    __pydantic_config__ = STORED

    dataset: Name
    dataset_options: Values
    dataset_digest: Digest
    features: Name
    model: Name
    model_version: Name
    config: Values  # complete: defaults included
    training: Values  # complete
    protocol: Values  # complete
    settings: Values  # the part of these three that is not default
    sequence_length: Count | None  # None: the model has no such thing, or decides itself
    repetition: Count  # counted from 1
    base_seed: Whole
    harness: Whole = HARNESS

    @property
    def key(self) -> str:
        """Return the digest of everything that decides the outcome."""
        return digest_of(vars(self), DECIDING)

    @property
    def group(self) -> str:
        """Return the digest shared by the repetitions of this cell: one row of a table."""
        return digest_of(vars(self), DECIDING_GROUP)

    @property
    def name(self) -> str:
        """Return a name for people: model, length and repetition."""
        return name_of(self.model, self.sequence_length, self.repetition)

    def seed(self, choice: str) -> int:
        """Return the seed of one random choice made while the cell runs."""
        length = self.sequence_length
        return derive(self.base_seed, self.model, f"L{length}", self.repetition, choice)

    def shared_seed(self, choice: str) -> int:
        """Return the seed of a choice that all models of a repetition share."""
        return derive(self.base_seed, self.repetition, choice)


DECIDING = tuple(one.name for one in fields(Cell) if one.name not in SHOWN_ONLY)
DECIDING_GROUP = tuple(name for name in DECIDING if name not in SHARED)


def digest_of(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the digest of these fields of a cell, or of a record that says them too."""
    text = _as_text({name: values[name] for name in names})
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(model: str, sequence_length: int | None, repetition: int) -> str:
    """Return a cell's name."""
    length = "" if sequence_length is None else f"-L{sequence_length}"
    return f"{model}{length}-r{repetition}"
