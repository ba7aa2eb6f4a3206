"""Cell: one model trained once; its name, its digest and its seed."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from benchmark.plan.seeds import derive

PROTOCOL = "hold-out/1"  # raise it when the same cell would be trained or scored otherwise


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Everything that decides an outcome, as plain JSON-ready values."""

    dataset: str
    dataset_options: dict[str, Any]
    dataset_digest: str
    features: str
    model: str
    model_version: str
    config: dict[str, Any]  # complete: defaults included
    settings: dict[str, Any]  # the part of `config` and `training` that is not default
    training: dict[str, Any]
    sequence_length: int | None  # None: the model has no such thing, or decides itself
    repetition: int  # counted from 1
    base_seed: int
    protocol: str = PROTOCOL

    @property
    def key(self) -> str:
        """Return the digest of everything that decides the outcome."""
        deciding = {name: value for name, value in asdict(self).items() if name != "settings"}
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()

    @property
    def group(self) -> str:
        """Return the digest shared by the repetitions of this cell: one row of a table."""
        deciding = {
            name: value
            for name, value in asdict(self).items()
            if name not in ("settings", "repetition", "base_seed")
        }
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()

    @property
    def name(self) -> str:
        """Return a name for people: model, length and repetition."""
        length = "" if self.sequence_length is None else f"-L{self.sequence_length}"
        return f"{self.model}{length}-r{self.repetition}"

    def seed(self, choice: str) -> int:
        """Return the seed of one random choice made while the cell runs."""
        length = self.sequence_length
        return derive(self.base_seed, self.model, f"L{length}", self.repetition, choice)

    def shared_seed(self, choice: str) -> int:
        """Return the seed of a choice that all models of a repetition share."""
        return derive(self.base_seed, self.repetition, choice)
