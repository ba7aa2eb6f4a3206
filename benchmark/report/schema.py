"""The JSON schema of `report --json`, whose rows are the columns of the CSV.

`python -m benchmark.report.schema` prints what is committed as `report.schema.json`.
"""

import json
from typing import Any

from benchmark.evaluate.registry import CONVENTIONS, METRICS, RANKED_BY, metric_of, names_of
from benchmark.report.columns import CONTRAST, ROW, Columns, number, text
from benchmark.report.views.registry import more_columns

SUFFIXES = tuple(CONVENTIONS.values())
ENDS = {"low": "lower end of the 95 % interval", "high": "upper end of the 95 % interval"}
ABOUT = (
    "Errors are in annotation units on [-1, 1]. Names end in _per_song for means of per-song"
    " values, without it scores are over the frames of all songs; _std is the standard deviation"
    " over repetitions, _low and _high are the ends of the 95 % interval. Scores that an older"
    " record lacks are null. Later versions may add fields."
)


def row_columns() -> Columns:
    """Return the columns of a row; scores follow the registry of metrics, the last the views."""
    scores: Columns = {}
    for metric, entry in METRICS.items():
        for name in names_of(metric):
            scores |= {name: number(_meaning(name)), f"{name}_std": number()}
            if entry.has_interval and (entry.frames or name.endswith("_per_song")):
                scores |= {f"{name}_{end}": number(meaning) for end, meaning in ENDS.items()}
    return ROW | scores | more_columns()


def contrast_columns() -> Columns:
    """Return the columns of a contrast."""
    return CONTRAST | {
        **{name: number(is_null=False) for name in names_of(RANKED_BY)},
        **{
            f"{RANKED_BY}_average{suffix}_{end}": number(meaning, is_null=False)
            for suffix in SUFFIXES
            for end, meaning in ENDS.items()
        },
    }


def _meaning(name: str) -> str:
    entry = METRICS[metric_of(name)]
    where = "mean over songs" if name.endswith("_per_song") else "over the frames of all songs"
    return f"{entry.heading}, {where}; {entry.better} is better"


def schema() -> dict[str, Any]:
    """Return the JSON schema of `report --json`."""
    of_answer = {
        "study": {"type": "string"},
        "cells_not_begun": {
            "type": "integer",
            "description": "asked for, of rows without any record",
        },
        "dataset": text("all datasets of the rows, with commas"),
        "rows": _array("one model, its settings and sequence length", row_columns()),
        "contrasts": _array(
            "one row less another on the same songs; below zero the first is better",
            contrast_columns(),
        ),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "report --json",
        "description": ABOUT,
        "type": "object",
        "required": list(of_answer),
        "properties": of_answer,
    }


def _array(description: str, columns: Columns) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {
            "type": "object",
            "description": description,
            "required": list(columns),
            "properties": columns,
        },
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1))  # noqa: T201
