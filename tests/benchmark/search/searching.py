"""A dataset and a model small enough that a trial takes a fraction of a second."""

import json
import sqlite3
from pathlib import Path

from tests.benchmark.cli.cli import mer_here
from tests.conftest import USERS_FILE

NAME = "narrow-small-tiny-six"
MODEL = """
from dataclasses import dataclass as plain
from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from models.spaces import Choice, Integer, Real


@dataclass(frozen=True)
class NarrowConfig:
    width: Annotated[int, Field(ge=1, le=8)] = 4
    mishap: Literal["none", "raise", "ours", "diverge", "memory", "shape"] = "none"


class Narrow(nn.Module):
    Config = NarrowConfig

    def __init__(self, *, n_features, config):
        super().__init__()
        self.mishap = config.mishap
        if self.mishap == "memory":
            torch.empty(2**60)  # more than any machine has
        self.body = nn.Linear(n_features, config.width)
        self.head = nn.Linear(config.width, 2)

    def forward(self, features_BTF):
        if self.mishap == "raise" and self.training:
            raise ValueError("a bug in the model")
        if self.mishap == "ours" and self.training:
            raise DatasetError("odd songs")
        emotion = self.head(torch.tanh(self.body(features_BTF)))
        if self.mishap == "shape":
            return emotion[..., :1]
        return emotion * float("nan") if self.mishap == "diverge" else emotion


RATES = Real(1e-3, 1e-1, is_log=True)
SPACES = {
    "small": {"narrow.width": Integer(1, 8), "training.learning_rate": RATES},
    "grid": {"narrow.width": Choice((1, 2, 4)), "sequence_length": Choice((10, 20))},
    "mishaps": {
        "narrow.mishap": Choice(("none", "raise", "ours", "diverge", "memory", "shape")),
        "narrow.width": Integer(1, 8),
    },
    "impossible": {"narrow.width": Integer(1, 9)},
    "unknown": {"narrow.depth": Integer(1, 2)},
    "opening": {"protocol.selection": Choice(("held_out", "evaluation"))},
}
MODELS["narrow"] = ModelEntry(target=Narrow, summary="two layers", spaces=SPACES)
"""


def write_file(folder: Path) -> Path:
    """Write the user's file with the dataset `tiny` and the model `narrow`."""
    path = folder / "searched.py"
    path.write_text(USERS_FILE + MODEL)
    return path


def options(folder: Path, **changed: object) -> list[object]:
    """Return the options of a small search in `folder`; a value of None leaves one out."""
    usual: dict[str, object] = {
        "model": "narrow",
        "dataset": "tiny",
        "include": folder / "searched.py",
        "results": folder / "results",
        "folds": 2,
        "max-epochs": 3,
        "finalists": 0,
    }
    chosen = usual | {key.replace("_", "-"): value for key, value in changed.items()}
    return [
        part for key, value in chosen.items() if value is not None for part in (f"--{key}", value)
    ]


def search(capfd, folder: Path, *further: object, **changed: object):
    """Run `search` in this process."""
    write_file(folder)
    return mer_here(capfd, "search", *options(folder, **changed), *further)


def found(folder: Path, name: str = NAME) -> dict:
    """Return the search's file."""
    return json.loads((folder / "results" / "searches" / f"{name}.json").read_text())


def states(folder: Path) -> list[str]:
    """Return the state of every trial in the SQLite storage, in order, read without Optuna."""
    with sqlite3.connect(folder / "results" / "optuna.db") as database:
        return [state for (state,) in database.execute("select state from trials order by number")]
