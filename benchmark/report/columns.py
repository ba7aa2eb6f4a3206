"""What CSV and JSON hold: every column with its type and meaning, and the JSON schema of both.

`python -m benchmark.report.columns` prints the schema that is committed as `report.schema.json`.
"""

import json
from typing import Any

from benchmark.analysis.rows import COSTS
from benchmark.evaluate.registry import CONVENTIONS, METRICS, RANKED_BY, metric_of, names_of
from datasets.contract import TARGETS

Columns = dict[str, dict[str, Any]]
SUFFIXES = tuple(CONVENTIONS.values())
ENDS = {"low": "lower end of the 95 % interval", "high": "upper end of the 95 % interval"}
SCORED_ON = "evaluation, k-fold development or k-fold all (songs)"
ABOUT = (
    "Errors are in annotation units on [-1, 1]. Names end in _per_song for means of per-song"
    " values, without it scores are over the frames of all songs; _std is the standard deviation"
    " over repetitions, _low and _high are the ends of the 95 % interval. Scores that an older"
    " record lacks are null. Later versions may add fields."
)


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _number(description: str = "", *, is_null: bool = True, **limits: float) -> dict[str, Any]:
    kind = {"type": ["number", "null"] if is_null else "number"}
    return kind | limits | ({"description": description} if description else {})


def _count(description: str = "", *, is_null: bool = True) -> dict[str, Any]:
    kind = {"type": ["integer", "null"] if is_null else "integer", "minimum": 0}
    return kind | ({"description": description} if description else {})


def _share(description: str = "", *, is_null: bool = True) -> dict[str, Any]:
    return _number(description, is_null=is_null, minimum=0, maximum=1)


DATASET = {
    "dataset": _text("registry row"),
    "features": _text("feature set"),
    "labels": _text("annotations the dataset carried"),
}
COST_COLUMNS = {
    "parameters": _count("everything that was learned"),
    "flops": _number("multiply-adds for 60 frames"),
    "train_seconds": _number("mean over repetitions"),
    "train_joules": _number("mean over repetitions; null where the device reports none"),
}
ROW: Columns = {
    "model": _text("name of a registry row"),
    "settings": _text("what differs from the defaults, key=value"),
    **DATASET,
    "sequence_length": _count("frames per training sequence; null: the model has none"),
    "n_cells": _count("finished repetitions", is_null=False),
    "n_missing": _count(
        "repetitions asked for and not finished; then every mean is null", is_null=False
    ),
    **COST_COLUMNS,
    "device": _text("cpu, cuda or mps; several with commas"),
    "group": _text("digest that all repetitions of the row share"),
    "judged_on": _text(SCORED_ON),
    "kind": {"enum": ["model", "floor"], "description": "model, or floor to beat"},
    "label": _text("the row's name in tables"),
    "n_songs": _count("songs that scored the row; null where no cell of the table is done"),
    "n_families": _count("families of those songs, the unit of intervals; null: the songs are"),
    **{f"n_songs_without_shape_{target}": _count() for target in TARGETS},
}
RANKING: Columns = {
    **{f"best_share{suffix}": _share() for suffix in SUFFIXES},
    **{f"mean_rank{suffix}": _number(minimum=1) for suffix in SUFFIXES},
    **{f"front_share_{cost}{suffix}": _share() for suffix in SUFFIXES for cost in COSTS},
}
CONTRAST: Columns = {
    **DATASET,
    "judged_on": _text(SCORED_ON),
    "label": _text("the row's name in tables"),
    "against": _text("name of the row it is compared with"),
    "group": _text("digest of the row"),
    "group_against": _text("digest of the row it is compared with"),
    "n_songs": _count("evaluation songs, or all that were held out", is_null=False),
    "n_families": _count("families of those songs; null: they have none"),
    "share_improved": _share(
        "share of songs whose average RMSE is lower than that of the other row", is_null=False
    ),
    "share_families_improved": _share("the same of families"),
    "p_sign_flip": _share(
        "two-sided sign-flip test of per-song average RMSE, mean over repetitions first",
        is_null=False,
    ),
    "p_holm": _share("the same, corrected by Holm over the contrasts of its table", is_null=False),
}


def row_columns() -> Columns:
    """Return the columns of a row; those of scores follow the registry of metrics."""
    scores: Columns = {}
    for metric, entry in METRICS.items():
        for name in names_of(metric):
            scores |= {name: _number(_meaning(name)), f"{name}_std": _number()}
            if entry.has_interval and (entry.frames or name.endswith("_per_song")):
                scores |= {f"{name}_{end}": _number(meaning) for end, meaning in ENDS.items()}
    return ROW | scores | RANKING


def contrast_columns() -> Columns:
    """Return the columns of a contrast."""
    return CONTRAST | {
        **{name: _number(is_null=False) for name in names_of(RANKED_BY)},
        **{
            f"{RANKED_BY}_average{suffix}_{end}": _number(meaning, is_null=False)
            for suffix in SUFFIXES
            for end, meaning in ENDS.items()
        },
    }


def _meaning(name: str) -> str:
    """Return what a score is, where its name does not say it."""
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
        "dataset": _text("all datasets of the rows, with commas"),
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
    """Return the schema of a list of objects that have every column."""
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
