"""What a search leaves behind: one JSON file with every trial, readable without Optuna.

Layout  RESULTS/searches/<name>.json
A trial that finished has a record of its cell beside it, under `records/`.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from benchmark.errors import ResultsError
from benchmark.record.places import Place, place, write_whole

SCHEMA = 1
TrialState = Literal["done", "pruned", "failed"]


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One finished trial; errors are in annotation units on [-1, 1]."""

    number: int
    state: TrialState
    rmse: float | None  # held-out development songs, pooled; of a pruned trial the last it reported
    n_parameters: int | None
    n_epochs: int  # over all networks and folds
    seconds: float
    reason: str | None  # why it was pruned or failed
    is_default: bool  # the model's default configuration, where the space holds it
    cell: str | None
    commit: str | None
    values: dict[str, Any]  # setting -> value


@dataclass(frozen=True, kw_only=True)
class SearchRecord:
    """A search as it stands."""

    schema: int = SCHEMA
    name: str
    identity: dict[str, Any]  # what the trials' values mean
    options: dict[str, Any]  # how the last process searched
    importance: dict[str, float] = field(default_factory=dict)  # share of the variance of RMSE
    finalists: list[dict[str, Any]] = field(default_factory=list)
    trials: list[TrialRow] = field(default_factory=list)

    @property
    def completed(self) -> list[TrialRow]:
        """Return the trials that were trained to the end, best first."""
        done = [one for one in self.trials if one.state == "done"]
        return sorted(done, key=lambda one: (one.rmse or 0.0, one.number))


def search_path(results: Path, name: str) -> Place:
    """Return where a search's file lies."""
    return place(results, "searches", f"{name}.json")


def write_search(results: Path, search: SearchRecord) -> Path:
    """Write a search: one line per key and per trial."""
    values = asdict(search)
    trials = ",\n".join(f"  {json.dumps(one, allow_nan=False)}" for one in values.pop("trials"))
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
    text = "{\n" + ",\n".join([*lines, f' "trials": [\n{trials}\n ]']) + "\n}\n"
    path = search_path(results, search.name)
    write_whole(path, text.encode())
    return path


def read_searches(results: Path) -> list[SearchRecord]:
    """Read every search of a results folder."""
    return [_parse(path) for path in sorted((results / "searches").glob("*.json"))]


def _parse(path: Path) -> SearchRecord:
    """Read one search; one written by a later version or damaged is named."""
    try:
        values = json.loads(path.read_text())
        known = {one.name for one in fields(SearchRecord)}
        if values.get("schema") != SCHEMA or not known >= values.keys():
            raise ResultsError(
                f"Search {path} has schema {values.get('schema')}, this version reads {SCHEMA}."
                " Use the version that wrote it, or another --results folder."
            )
        trials = [TrialRow(**one) for one in values.pop("trials")]
        return SearchRecord(**values, trials=trials)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ResultsError(
            f"Search {path} is damaged ({error}). Remove it and run the search again."
        ) from error
