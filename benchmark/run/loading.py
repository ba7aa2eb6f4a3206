"""Songs for plans and cells: loaded once per process, and held against what was planned."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from benchmark.plan.cell import Cell
from benchmark.plan.config import StudyConfig, plain_options, validated
from benchmark.plan.expand import dataset_of
from benchmark.train.state import own_state
from benchmark.users_code import time_limit, users_code
from datasets.contract import DatasetError, Split
from datasets.registry import DATASETS

_sent: dict[tuple[str, str, str], Split] = {}  # dataset, options, features


def load_study(study: StudyConfig, data_root: Path | None) -> Split:
    """Load the songs of a study."""
    _, options, features = dataset_of(study)
    return load_split(study.dataset, plain_options(options), features, data_root)


def load_split(
    dataset: str, options: dict[str, Any], features: str, data_root: Path | None
) -> Split:
    """Load a dataset; the last few stay in memory for the next cell."""
    written = json.dumps(options, sort_keys=True)
    if (dataset, written, features) in _sent:
        return _sent[dataset, written, features]
    return _cached_split(dataset, written, features, data_root)


def keep_split(dataset: str, options: dict[str, Any], features: str, split: Split) -> None:
    """Use songs that another machine sent, instead of loading them here."""
    _sent[dataset, json.dumps(options, sort_keys=True), features] = split


@lru_cache(maxsize=3)
def _cached_split(dataset: str, options: str, features: str, data_root: Path | None) -> Split:
    entry = DATASETS[dataset]
    with users_code(f"Dataset '{dataset}' cannot be loaded", DatasetError):
        with time_limit():
            options_class, load = entry.resolve(entry.options), entry.resolve(entry.load)
        written = json.loads(options)
        values = validated(options_class, written, where=dataset) if options_class else None
        with own_state(), threadpool_limits(limits=1):  # workers load beside each other
            split = load(values, features, data_root)
    if not isinstance(split, Split):
        raise DatasetError(
            f"Dataset '{dataset}': its loader returned a {type(split).__name__}, not a Split."
        )
    return split


def planned_split(cell: Cell, data_root: Path | None) -> Split:
    """Return the songs a cell was planned for, or refuse others.

    What is in memory may have been changed there by a model; then the songs are loaded again.
    """
    for _ in ("in memory", "loaded again"):
        split = load_split(cell.dataset, cell.dataset_options, cell.features, data_root)
        digest = split.current_digest()
        if digest == cell.dataset_digest:
            return split
        _cached_split.cache_clear()
    raise DatasetError(
        f"Dataset '{cell.dataset}' changed: {cell.name} was planned for songs with digest"
        f" {cell.dataset_digest[:12]}, those loaded now have {digest[:12]}. It was not trained;"
        " run the same command again for the songs as they are."
    )


def check_unchanged(cell: Cell, split: Split) -> None:
    """Refuse songs that a cell's own model wrote into, against NumPy's protection.

    Raises ValueError. The next cell loads them again.
    """
    if split.current_digest() != cell.dataset_digest:
        _cached_split.cache_clear()
        raise ValueError(
            f"model '{cell.model}' wrote into the arrays of its songs; they are read-only, and"
            " torch.from_numpy shares their memory: change a copy (torch.tensor)"
        )
