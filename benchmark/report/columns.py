"""Columns of CSV and JSON with their types and meanings, as JSON schema has them."""

from typing import Any

from datasets.contract import TARGETS

Columns = dict[str, dict[str, Any]]  # name -> JSON schema of its values

SCORED_ON = "evaluation, k-fold development or k-fold all (songs)"


def text(description: str) -> dict[str, Any]:
    """Return the schema of text."""
    return {"type": "string", "description": description}


def number(description: str = "", *, is_null: bool = True, **limits: float) -> dict[str, Any]:
    """Return the schema of a number between limits."""
    kind = {"type": ["number", "null"] if is_null else "number"}
    return kind | limits | ({"description": description} if description else {})


def count(description: str = "", *, is_null: bool = True) -> dict[str, Any]:
    """Return the schema of a whole number of things."""
    kind = {"type": ["integer", "null"] if is_null else "integer", "minimum": 0}
    return kind | ({"description": description} if description else {})


def share(description: str = "", *, is_null: bool = True) -> dict[str, Any]:
    """Return the schema of a number from 0 to 1."""
    return number(description, is_null=is_null, minimum=0, maximum=1)


DATASET = {
    "dataset": text("registry row"),
    "features": text("feature set"),
    "labels": text("annotations the dataset carried"),
}
COST_COLUMNS = {
    "parameters": count("everything that was learned"),
    "flops": number("multiply-adds for 60 frames"),
    "train_seconds": number("mean over repetitions"),
    "train_joules": number("mean over repetitions; null where the device reports none"),
}
ROW: Columns = {
    "model": text("name of a registry row"),
    "settings": text("what differs from the defaults, key=value"),
    **DATASET,
    "sequence_length": count("frames per training sequence; null: the model has none"),
    "n_cells": count("finished repetitions", is_null=False),
    "n_missing": count(
        "repetitions asked for and not finished; then every mean is null", is_null=False
    ),
    **COST_COLUMNS,
    "device": text("cpu, cuda or mps; several with commas"),
    "group": text("digest that all repetitions of the row share"),
    "judged_on": text(SCORED_ON),
    "kind": {"enum": ["model", "floor"], "description": "model, or floor to beat"},
    "label": text("the row's name in tables"),
    "n_songs": count("songs that scored the row; null where no cell of the table is done"),
    "n_families": count("families of those songs, the unit of intervals; null: the songs are"),
    **{f"n_songs_without_shape_{target}": count() for target in TARGETS},
}
CONTRAST: Columns = {
    **DATASET,
    "judged_on": text(SCORED_ON),
    "label": text("the row's name in tables"),
    "against": text("name of the row it is compared with"),
    "group": text("digest of the row"),
    "group_against": text("digest of the row it is compared with"),
    "n_songs": count("evaluation songs, or all that were held out", is_null=False),
    "n_families": count("families of those songs; null: they have none"),
    "share_improved": share(
        "share of songs whose average RMSE is lower than that of the other row", is_null=False
    ),
    "share_families_improved": share("the same of families"),
    "p_sign_flip": share(
        "two-sided sign-flip test of per-song average RMSE, mean over repetitions first",
        is_null=False,
    ),
    "p_holm": share("the same, corrected by Holm over the contrasts of its table", is_null=False),
}
