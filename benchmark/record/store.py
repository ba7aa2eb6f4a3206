"""Read and write records: one JSON file per cell, its predictions beside it.

Layout  RESULTS/records/<dataset>-<features>/<name>-<cell digest>.json   the record
        RESULTS/predictions/<dataset>-<features>/<same name>.npz         (T, 2) per song
        RESULTS/annotations/<dataset>-<dataset digest>.npz               what is true of the songs
        RESULTS/weights/<dataset>-<features>/<same name>.safetensors     the fitted model
        RESULTS/plans/<study>-<digest>.json                              which cells were asked for
Every file is written beside its place, flushed to disk and renamed, so a kill leaves it whole or
absent.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np
from numpy.lib.format import write_array
from numpy.typing import NDArray
from pydantic_core import from_json

from benchmark.errors import ResultsError
from benchmark.plan.cell import Cell
from benchmark.record.places import Place, place, write_whole
from benchmark.record.record import SCHEMA, RunRecord

DIGEST_CHARACTERS = 12  # of the cell digest in file names


@dataclass(frozen=True)
class Plan:
    """Which cells a study asked for: key -> group, for counting what is missing."""

    study: str
    groups: dict[str, str]
    contrasts: list[list[str]] | None = None  # rows to compare; None: the default


def write_record(
    results: Path, record: RunRecord, predictions: Mapping[str, NDArray[np.float32]]
) -> Path:
    """Write predictions, then the record: a record on disk always has its predictions."""
    if predictions:
        write_arrays(path_of(results, "predictions", record, ".npz"), predictions)
    path = record_path(results, record)
    write_whole(path, _json(asdict(record)))
    return path


def read_predictions(results: Path, record: RunRecord) -> dict[str, NDArray[np.float32]]:
    """Return (T, 2) by song id; nothing where a record was copied without its predictions."""
    return read_arrays(path_of(results, "predictions", record, ".npz"))


def write_plan(
    results: Path,
    study: str,
    cells: Sequence[Cell],
    contrasts: Sequence[tuple[str, str]] | None = None,
) -> None:
    """Remember what was asked for; the same request is remembered once.

    Contrasts declared later are another request: those of before stay declared.
    """
    groups = {cell.key: cell.group for cell in cells}
    plan: dict[str, Any] = {"study": study, "groups": groups}
    asked = "".join(sorted(groups))
    if contrasts is not None:
        plan["contrasts"] = [list(pair) for pair in contrasts]
        asked += json.dumps(sorted(plan["contrasts"]))
    digest = hashlib.sha256(asked.encode()).hexdigest()[:DIGEST_CHARACTERS]
    content = _json(plan)
    write_whole(place(results, "plans", f"{study}-{digest}.json"), content)


def read_plans(results: Path, study: str | None = None) -> list[Plan]:
    """Read what was asked for, of one study or of all."""
    plans = [Plan(**_read(path)) for path in sorted((results / "plans").glob("*.json"))]
    return [plan for plan in plans if study in (None, plan.study)]


def declared_contrasts(results: Path, study: str | None) -> tuple[tuple[str, str], ...] | None:
    """Return which rows a study's runs (or all runs) declared to compare; None: nothing said."""
    declared = [plan.contrasts for plan in read_plans(results, study) if plan.contrasts is not None]
    if not declared:
        return None
    return tuple(dict.fromkeys((left, right) for pairs in declared for left, right in pairs))


def asked_for(results: Path, study: str | None, records: Iterable[RunRecord]) -> dict[str, str]:
    """Return the cells a study's runs (or all runs) asked for, each with its group.

    Records that were copied here without their plans count as asked for.
    """
    plans = read_plans(results, study)
    if study is not None and not plans:
        raise ResultsError(
            f"No run of study '{study}' in {results}."
            f" Run: python -m benchmark run --study {study} --results {results}"
        )
    if not plans:
        return {record.cell: record.group for record in records}
    return {cell: group for plan in plans for cell, group in plan.groups.items()}


def read_records(results: Path) -> list[RunRecord]:
    """Read every record of a results folder, in the order of their paths."""
    if not results.is_dir():
        raise ResultsError(f"No results folder {results}. Run: python -m benchmark run")
    return [_parse(path) for path in sorted((results / "records").glob("*/*.json"))]


def latest_by_cell(records: Iterable[RunRecord]) -> dict[str, RunRecord]:
    """Return the records by cell digest."""
    return {record.cell: record for record in records}


def record_path(results: Path, record: RunRecord) -> Place:
    """Return where a record lies."""
    return path_of(results, "records", record, ".json")


def find_record(results: Path, cell: Cell) -> RunRecord | None:
    """Return the record of a cell, if there is one."""
    path = _path(results, "records", cell, cell.key, ".json")
    return _parse(path) if path.is_file() else None


def path_of(results: Path, kind: str, record: RunRecord, suffix: str) -> Place:
    """Return where a record, its predictions or its weights lie."""
    return _path(results, kind, record, record.cell, suffix)


def _path(results: Path, kind: str, of: Cell | RunRecord, key: str, suffix: str) -> Place:
    """Return where a file about a cell lies."""
    stem = f"{of.name}-{key[:DIGEST_CHARACTERS]}"
    return place(results, kind, f"{of.dataset}-{of.features}", f"{stem}{suffix}")


def _parse(path: Path) -> RunRecord:
    """Read one record; one written by a later version or damaged is named."""
    values = _read(path)
    known = {one.name for one in fields(RunRecord)}
    if values.get("schema") != SCHEMA or not known >= values.keys():
        raise ResultsError(
            f"Record {path} has schema {values.get('schema')}, this version reads {SCHEMA}."
            " Use the version that wrote it, or another --results folder."
        )
    try:
        return RunRecord(**values)
    except TypeError as error:
        raise ResultsError(
            f"Record {path} is incomplete ({error}). Remove it and run again."
        ) from error


def _read(path: Path) -> dict[str, Any]:
    """Read a JSON object or name the damaged file."""
    try:
        values = from_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ResultsError(f"File {path} is damaged ({error}). Remove it and run again.") from error
    if not isinstance(values, dict):
        raise ResultsError(f"File {path} holds no JSON object. Remove it and run again.")
    return values


def _json(values: Mapping[str, Any]) -> bytes:
    """Return readable JSON with one line per key; NaN is refused."""
    lines = [
        f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in values.items()
    ]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def write_arrays(path: Path, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Write named arrays as npz, atomically.

    `np.savez` takes names as keyword arguments, of which a song may not be called `file`.
    """
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                write_array(file, array, allow_pickle=False)
    write_whole(path, buffer.getvalue())


def read_arrays(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read named arrays, none where there is no file; a damaged file is named."""
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)
    except (OSError, ValueError, BadZipFile, EOFError) as error:
        raise ResultsError(f"File {path} is damaged ({error}). Remove it and run again.") from error
