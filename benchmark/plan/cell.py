"""Cell: one model trained once; its name, its digest and its seed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

from pydantic import BeforeValidator

from benchmark.plan.classes import config_of
from benchmark.plan.config import TrainingConfig, plain, validated
from benchmark.plan.protocol import ProtocolConfig
from benchmark.plan.seeds import derive
from benchmark.plan.values import STORED, Count, Digest, Name, Values, Whole, stored_as

HARNESS = 2  # raise it when the same cell would be trained or scored otherwise
SHOWN_ONLY = ("config", "training", "protocol", "dataset_options")  # complete, not in the key
SHARED = ("repetition", "base_seed")  # in the key, and not in that of the group
_as_text = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, kw_only=True)
class CellFields:
    """What a cell, its record and its weights all say, in the order of a record's file.

    The configurations are complete, defaults included: objects in a cell, plain values on disk.
    """

    __pydantic_config__ = STORED

    model: Name
    model_version: Name
    config: Annotated[Any, stored_as(Values)]  # the model's own
    settings: Values  # the part of the three configurations that is not default
    training: Annotated[Any, stored_as(Values)]
    protocol: Annotated[Any, stored_as(Values)]
    harness: Whole
    dataset: Name
    dataset_options: Values
    dataset_digest: Digest
    features: Name
    sequence_length: Count | None  # None: the model has no such thing, or decides itself
    repetition: Count  # counted from 1
    base_seed: Whole


@dataclass(frozen=True, kw_only=True)
class Cell(CellFields):
    """Everything that decides an outcome; what was checked when it was planned is not again.

    The key holds what differs from the defaults, so that a later option whose default is the
    former behaviour leaves every record valid. A default that changes raises the model's version
    or `HARNESS`; a test keeps watch. A dataset's options are in its digest.

    `config` is an object of the model's `Config`, or None for a model without one. On the way from
    a file or another process it is plain, and `checked` where it arrives.
    """

    training: Annotated[TrainingConfig | None, BeforeValidator(lambda values: values or None)]
    protocol: ProtocolConfig
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

    def packed(self) -> "Cell":
        """Return the cell as any process can unpack it, whose models may not be included yet."""
        return replace(self, config=plain(self.config))

    def checked(self) -> "Cell":
        """Return a packed cell with its `config` as an object of the model's class."""
        config_class = config_of(self.model)
        config = config_class and validated(config_class, self.config, where=self.model)
        return replace(self, config=config)

    def plain(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values, as records and weights keep them."""
        return vars(self) | {name: plain(getattr(self, name)) for name in SHOWN_ONLY[:3]}


DECIDING = tuple(field.name for field in fields(CellFields) if field.name not in SHOWN_ONLY)
DECIDING_GROUP = tuple(name for name in DECIDING if name not in SHARED)


def digest_of(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the digest of these fields of a cell, or of a record that says them too."""
    text = _as_text({name: values[name] for name in names})
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(model: str, sequence_length: int | None, repetition: int) -> str:
    """Return a cell's name."""
    length = "" if sequence_length is None else f"-L{sequence_length}"
    return f"{model}{length}-r{repetition}"
