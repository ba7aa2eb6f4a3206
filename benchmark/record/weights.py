"""Keep a fitted model: arrays in a safetensors file, what they belong to in its header.

Such a file is enough to predict with: it names the model, its configuration and its features, and
holds weights, scaling and fusion. Nothing in it is code.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import ResultsError
from benchmark.plan.cell import Cell
from benchmark.record.record import RunRecord
from benchmark.record.store import path_of, write_whole
from models.contract import State

FORMAT = 1  # raise it when older files can no longer be read


@dataclass(frozen=True)
class Weights:
    """A fitted model on disk: the cell that made it, its feature width and its arrays."""

    cell: Cell
    n_features: int
    state: State


def weights_path(results: Path, record: RunRecord) -> Path:
    """Return where a record's weights lie, if they were kept."""
    return path_of(results, "weights", record, ".safetensors")


def write_weights(results: Path, record: RunRecord, cell: Cell, state: State) -> Path:
    """Write a fitted model beside its record."""
    from safetensors.numpy import save

    header = {"cell": asdict(cell), "n_features": record.n_features}
    arrays = {name: np.ascontiguousarray(array) for name, array in state.items()}
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
        model: dict[str, Any] = json.loads(header["model"])
        return Weights(Cell(**model["cell"]), int(model["n_features"]), state)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(
            f"File {path} is damaged or holds no weights ({error}); give a record (.json) or its"
            " weights (.safetensors)."
        ) from error
