"""Keep a fitted model: arrays in a safetensors file, what they belong to in its header.

Such a file is enough to predict with: it names the model, its configuration, its features and what
made them, and holds weights, scaling, fusion and the range of features learned from. Nothing in it
is code.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from benchmark.errors import ResultsError
from benchmark.files import check_regular
from benchmark.plan.cell import Cell
from benchmark.plan.values import STORED, Count, Score
from benchmark.record.agreement import DIGEST_CHARACTERS
from benchmark.record.places import Place, write_whole
from benchmark.record.reading import adapter_of, check_numbers, reason_of
from benchmark.record.record import RunRecord
from benchmark.record.store import path_of
from datasets.ranges import FeatureRange
from models.contract import State

LOW, HIGH = "learned_from.low", "learned_from.high"  # arrays beside the model's own
FORMAT = 1  # raise it when older files can no longer be read
MOST_BYTES = 2**33
GIVE = "give a record (.json) or its weights (.safetensors)."
NAMED = re.compile(rf"-([0-9a-f]{{{DIGEST_CHARACTERS}}})$")  # the cell in a file's name


@dataclass(frozen=True)
class Header:
    """What a file says of its arrays."""

    __pydantic_config__ = STORED

    cell: Cell
    n_features: Count
    features_made_by: str | None = None
    first_seconds: Score | None = None


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
    """Write a fitted model beside its record, with the range of its development songs' features.

    Raises ValueError, and writes nothing, where they could not be read back.
    """
    from safetensors.numpy import save

    header = {
        "cell": cell.plain(),
        "n_features": record.n_features,
        "features_made_by": record.circumstances["features_made_by"],
        "first_seconds": learned.first_seconds,
    }
    every = state | {LOW: learned.low, HIGH: learned.high}
    arrays = {name: np.ascontiguousarray(array) for name, array in every.items()}
    for name, array in arrays.items():
        try:
            check_numbers(name, array)
        except ValueError as error:
            raise ValueError(f"weights cannot be kept: {error}") from error
    path = weights_path(results, record)
    metadata = {"format": f"mer-benchmark {FORMAT}", "model": json.dumps(header, sort_keys=True)}
    write_whole(path, save(arrays, metadata))
    return path


def read_weights(path: Path) -> Weights:
    """Read a file that `write_weights` wrote, or say what is wrong with it."""
    from safetensors import SafetensorError, safe_open

    try:
        check_regular(path, MOST_BYTES)
        with safe_open(path, "np") as file:
            header: dict[str, str] = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header.get("format") != f"mer-benchmark {FORMAT}":
            raise ResultsError(
                f"File {path} has format {header.get('format')!a:.60}, this version reads"
                f" 'mer-benchmark {FORMAT}'. Train again, or use the version that wrote it."
            )
        weights = _weights(adapter_of(Header).validate_json(header["model"]), state)
    except FileNotFoundError as error:
        raise ResultsError(f"{path} does not exist; {GIVE}") from error
    except IsADirectoryError as error:
        raise ResultsError(f"{path} is a folder; {GIVE}") from error
    except ValidationError as error:
        raise ResultsError(f"File {path} is damaged: {reason_of(error)}; {GIVE}") from error
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(
            f"File {path} is damaged or holds no weights ({error}); {GIVE}"
        ) from error
    named = NAMED.search(path.stem)
    if named and not weights.cell.key.startswith(named[1]):
        raise ResultsError(
            f"File {path} holds weights of cell {weights.cell.key[:DIGEST_CHARACTERS]}, not of the"
            " one in its name. Train again."
        )
    return weights


def _weights(header: Header, state: State) -> Weights:
    """Return a file's content, checked; raises KeyError or ValueError."""
    for name, array in state.items():
        check_numbers(name, array)
    cell, n_features = header.cell, header.n_features
    if header.features_made_by is None or header.first_seconds is None:
        return Weights(cell, n_features, state)
    learned = FeatureRange(state.pop(LOW), state.pop(HIGH), header.first_seconds)
    if not learned.low.shape == learned.high.shape == (n_features,):
        raise ValueError(
            f"ranges of {learned.low.shape} and {learned.high.shape} features where {n_features}"
            " are expected"
        )
    return Weights(cell, n_features, state, header.features_made_by, learned)
