"""What a search leaves behind: one JSON file with every trial, readable without Optuna.

Layout  RESULTS/searches/<name>.json
        RESULTS/studies/<name>.yaml    what `search --promote` wrote
A trial that finished has a record of its cell beside it, under `records/`.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from benchmark.errors import ResultsError
from benchmark.plan.values import (
    OPEN,
    STORED,
    Count,
    Digest,
    Error,
    Name,
    Seconds,
    Values,
    Whole,
    stored_as,
)
from benchmark.record.places import Place, files_of, place, write_whole
from benchmark.record.reading import read_checked

SCHEMA = 1
MEND = "Use the version that wrote it, or remove it and run the search again."
TrialState = Literal["done", "pruned", "failed"]


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One finished trial; errors are in annotation units on [-1, 1]."""

    __pydantic_config__ = STORED

    number: Count
    state: TrialState
    rmse: Error | None  # held-out development songs, pooled; of a pruned trial the last it reported
    n_parameters: Count | None
    n_epochs: Count  # over all networks and folds
    seconds: Seconds
    reason: str | None  # why it was pruned or failed
    is_default: bool  # the model's default configuration, where the space holds it
    cell: Digest | None
    commit: Name | None
    values: Values  # setting -> value


Identity = TypedDict(  # what reports rely on; later versions may add to it
    "Identity",
    {
        "model": Name,
        "space": dict[Name, str],
        "dataset": Name,
        "dataset digest": Digest,
        "features": Name,
        "folds": Count,
        "seed": Whole,
    },
)
Identity.__pydantic_config__ = OPEN  # type: ignore[attr-defined]  # where pydantic looks


class Finalist(TypedDict):
    """A trial's configuration, trained with several seeds."""

    __pydantic_config__ = OPEN  # type: ignore[misc]  # no key, but where pydantic looks

    trial: Count
    n_seeds: Count
    rmse: Error | None
    rmse_std: Error | None
    n_parameters: Count | None
    group: Digest
    is_default: bool
    values: Values


@dataclass(frozen=True, kw_only=True)
class SearchRecord:
    """A search as it stands."""

    __pydantic_config__ = STORED

    schema: int = SCHEMA
    name: Name
    identity: Annotated[dict[str, Any], stored_as(Identity)]  # what the trials' values mean
    options: Values  # how the last process searched
    importance: dict[Name, Error] = field(default_factory=dict)  # share of the variance of RMSE
    finalists: list[Annotated[dict[str, Any], stored_as(Finalist)]] = field(default_factory=list)
    trials: list[TrialRow] = field(default_factory=list)

    @property
    def completed(self) -> list[TrialRow]:
        """Return the trials that were trained to the end, best first."""
        done = [trial for trial in self.trials if trial.state == "done"]
        return sorted(done, key=lambda trial: (trial.rmse or 0.0, trial.number))


def search_path(results: Path, name: str) -> Place:
    """Return where a search's file lies."""
    return place(results, "searches", f"{name}.json")


def write_search(results: Path, search: SearchRecord) -> Path:
    """Write a search: one line per key and per trial."""
    values = asdict(search)
    trials = ",\n".join(f"  {json.dumps(trial, allow_nan=False)}" for trial in values.pop("trials"))
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
    text = "{\n" + ",\n".join([*lines, f' "trials": [\n{trials}\n ]']) + "\n}\n"
    path = search_path(results, search.name)
    write_whole(path, text.encode())
    return path


def read_searches(results: Path) -> list[SearchRecord]:
    """Read every search of a results folder."""
    return [_checked(path) for path in files_of(results, "searches", ending=".json")]


def promoted_studies(results: Path) -> dict[str, Path]:
    """Return the studies that searches promoted in a results folder, name -> YAML file."""
    return {path.stem: path for path in files_of(results, "studies", ending=".yaml")}


def _checked(path: Path) -> SearchRecord:
    """Read one search; one that is damaged, renamed or of a later version is named."""
    search = read_checked(path, SearchRecord, "Search", MEND)
    flaw = ""
    if search.schema != SCHEMA:
        flaw = f"has schema {search.schema}, this version reads {SCHEMA}"
    elif path.stem != search.name:
        flaw = f"calls itself {search.name!a}; rename it back"
    elif len({trial.number for trial in search.trials}) < len(search.trials):
        flaw = "names a trial twice"
    elif any(trial.state == "done" and trial.rmse is None for trial in search.trials):
        flaw = "has a trial that is done and has no RMSE"
    if flaw:
        raise ResultsError(f"Search {path} {flaw}. {MEND}")
    return search
