"""Keep a fitted model: arrays in a safetensors file, what they belong to in its header.

Such a file is enough to predict with: it names the model, its configuration, its features and what
made them, and holds weights, scaling, fusion and the range of features learned from. Nothing in it
is code.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import ResultsError
from benchmark.plan.cell import Cell
from benchmark.record.places import Place, write_whole
from benchmark.record.record import RunRecord
from benchmark.record.store import path_of
from datasets.ranges import FeatureRange
from models.contract import State

LOW, HIGH = "learned_from.low", "learned_from.high"  # arrays beside the model's own
FORMAT = 1  # raise it when older files can no longer be read


@dataclass(frozen=True)
class Weights:
    """A fitted model on disk: the cell that made it, its features and its arrays.

    `features_made_by` is as in `Split`; None, as is `learned`, in files that do not say it yet.
    """

    cell: Cell
    n_features: int
    state: State
    features_made_by: str | None = None
    learned: FeatureRange | None = None


def weights_path(results: Path, record: RunRecord) -> Place:
    """Return where a record's weights lie, if they were kept."""
    return path_of(results, "weights", record, ".safetensors")


def write_weights(
    results: Path, record: RunRecord, cell: Cell, state: State, learned: FeatureRange
) -> Path:
    """Write a fitted model beside its record, with the range of its development songs' features."""
    from safetensors.numpy import save

    header = {
        "cell": asdict(cell),
        "n_features": record.n_features,
        "features_made_by": record.circumstances["features_made_by"],
        "first_seconds": learned.first_seconds,
    }
    every = state | {LOW: learned.low, HIGH: learned.high}
    arrays = {name: np.ascontiguousarray(array) for name, array in every.items()}
    path = weights_path(results, record)
    metadata = {"format": f"mer-benchmark {FORMAT}", "model": json.dumps(header, sort_keys=True)}
    write_whole(path, save(arrays, metadata))
    return path


def read_weights(path: Path) -> Weights:
    """Read a file that `write_weights` wrote, or say what is wrong with it."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise ResultsError(f"{path} {what}; give a record (.json) or its weights (.safetensors).")
    try:
        with safe_open(path, "np") as file:
            header: dict[str, str] = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header.get("format") != f"mer-benchmark {FORMAT}":
            raise ResultsError(
                f"File {path} has format {header.get('format')!r}, this version reads"
                f" 'mer-benchmark {FORMAT}'. Train again, or use the version that wrote it."
            )
        return _weights(json.loads(header["model"]), state)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(
            f"File {path} is damaged or holds no weights ({error}); give a record (.json) or its"
            " weights (.safetensors)."
        ) from error


def _weights(model: dict[str, Any], state: State) -> Weights:
    """Return a file's content, checked; raises KeyError, TypeError or ValueError."""
    cell, n_features = Cell(**model["cell"]), int(model["n_features"])
    if "features_made_by" not in model:
        return Weights(cell, n_features, state)
    learned = FeatureRange(state.pop(LOW), state.pop(HIGH), float(model["first_seconds"]))
    if learned.low.shape != (n_features,):
        raise ValueError(f"a range of {learned.low.shape} features where {n_features} are expected")
    return Weights(cell, n_features, state, str(model["features_made_by"]), learned)
