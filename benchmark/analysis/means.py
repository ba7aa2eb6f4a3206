"""Mean and spread of scores and costs over repetitions."""

from collections.abc import Sequence

import numpy as np

from benchmark.evaluate.registry import RANKED_BY, names_of
from benchmark.record.record import RunRecord, Scores
from datasets.contract import TARGETS


def mean_scores(cells: Sequence[Scores], names: Sequence[str]) -> Scores:
    """Return mean and standard deviation (n - 1) of every score over the repetitions.

    A score that one repetition lacks has neither.
    """
    known = [name for name in names if cells and all(cell.get(name) is not None for cell in cells)]
    values = np.array([[cell[name] for name in known] for cell in cells], dtype=float)
    means = dict(zip(known, values.mean(axis=0).tolist(), strict=True)) if known else {}
    spreads: Scores = {}
    if known and len(cells) > 1:
        spreads |= zip(known, values.std(axis=0, ddof=1).tolist(), strict=True)
    return {
        key: value
        for name in names
        for key, value in ((name, means.get(name)), (f"{name}_std", spreads.get(name)))
    }


def mean_of(values: Sequence[float | int | None]) -> float | None:
    """Return the mean, or None where there is nothing to average or a value is unknown."""
    if not values or None in values:
        return None
    return float(np.mean(np.array(values, dtype=float)))


def n_without_shape(cell: RunRecord) -> dict[str, int]:
    """Count the songs whose annotations are constant, so that nothing correlates with them."""
    return {
        target: sum(value is None for value in cell.per_song.get(f"pearson_r_{target}", []))
        for target in TARGETS
    }


def references_of(records: Sequence[RunRecord]) -> dict[str, Scores]:
    """Return the reference lines of a dataset.

    One without any error, as the oracle of song means where annotations are constant, says nothing.
    """
    found = dict(next((record.references for record in records if record.references), {}))
    for record in records:  # older ones lack the scores of later metrics
        found |= {
            name: scores | found[name]
            for name, scores in record.references.items()
            if name in found
        }
    return {
        name: scores
        for name, scores in found.items()
        if any(scores.get(name) for name in names_of(RANKED_BY))
    }
