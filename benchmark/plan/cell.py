"""Cell: one model trained once; its name, its digest and its seed."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from benchmark.plan.seeds import derive

HARNESS = 2  # raise it when the same cell would be trained or scored otherwise
SHOWN_ONLY = ("config", "training", "protocol", "dataset_options")  # told whole, not in the key


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Everything that decides an outcome, as plain JSON-ready values.

    The key holds what differs from the defaults, so that a later option whose default is the
    former behaviour leaves every record valid. A default that changes raises the model's version
    or `HARNESS`; a test keeps watch. A dataset's options are in its digest.
    """

    dataset: str
    dataset_options: dict[str, Any]
    dataset_digest: str
    features: str
    model: str
    model_version: str
    config: dict[str, Any]  # complete: defaults included
    training: dict[str, Any]  # complete
    protocol: dict[str, Any]  # complete
    settings: dict[str, Any]  # the part of these three that is not default
    sequence_length: int | None  # None: the model has no such thing, or decides itself
    repetition: int  # counted from 1
    base_seed: int
    harness: int = HARNESS

    @property
    def key(self) -> str:
        """Return the digest of everything that decides the outcome."""
        return self._digest(SHOWN_ONLY)

    @property
    def group(self) -> str:
        """Return the digest shared by the repetitions of this cell: one row of a table."""
        return self._digest((*SHOWN_ONLY, "repetition", "base_seed"))

    def _digest(self, left_out: tuple[str, ...]) -> str:
        """Return the digest of all but the fields left out."""
        deciding = {name: value for name, value in asdict(self).items() if name not in left_out}
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
