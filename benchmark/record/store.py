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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from numpy.lib.format import write_array
from numpy.typing import NDArray
from pydantic import Field

from benchmark.errors import RecordFlawed, ResultsError
from benchmark.plan.cell import Cell
from benchmark.plan.config import STUDY_NAME
from benchmark.plan.values import STORED, Digest, Name
from benchmark.record.agreement import DIGEST_CHARACTERS as DIGEST_CHARACTERS
from benchmark.record.agreement import check_together, checked_record, folder_of, parsed_record
from benchmark.record.places import Place, files_of, folders_of, place, write_whole
from benchmark.record.reading import AGAIN, read_arrays, read_checked
from benchmark.record.record import FILE_ORDER, RunRecord
from datasets.names import shown_name


@dataclass(frozen=True)
class Plan:
    """Which cells a study asked for: key -> group, for counting what is missing."""

    __pydantic_config__ = STORED

    study: Annotated[str, Field(pattern=STUDY_NAME, max_length=100)]
    groups: dict[Digest, Digest]
    contrasts: list[Annotated[list[Name], Field(min_length=2, max_length=2)]] | None = (
        None  # rows; None: the default
    )


def write_record(
    results: Path, record: RunRecord, predictions: Mapping[str, NDArray[np.float32]]
) -> Path:
    """Write predictions, then the record: a record on disk always has its predictions.

    Raises RecordFlawed, and writes nothing, where it could not be read back.
    """
    content = readable(record)
    if predictions:
        write_arrays(path_of(results, "predictions", record, ".npz"), predictions)
    path = record_path(results, record)
    write_whole(path, content)
    return path


def readable(record: RunRecord) -> bytes:
    """Return a new record as the content of its file; RecordFlawed if that could not be read."""
    values = asdict(record)
    content = _json({name: values[name] for name in FILE_ORDER})
    try:
        parsed_record(content, "of this cell")
    except ResultsError as error:  # nothing is on the disk yet, so nothing can be removed
        raise RecordFlawed(str(error).removesuffix(f". {AGAIN}")) from error
    return content


def read_predictions(results: Path, record: RunRecord) -> dict[str, NDArray[np.float32]]:
    """Return (T, 2) by song id; nothing where a record was copied without its predictions."""
    path = path_of(results, "predictions", record, ".npz")
    predictions = read_arrays(path)
    songs = record.per_song
    n_frames = dict(zip(songs.get("song_id", []), songs.get("n_frames", []), strict=True))
    for song_id, array in predictions.items():
        expected = (n_frames.get(song_id, len(array)), 2)
        if array.shape != expected:
            raise ResultsError(
                f"File {path} is damaged (song {shown_name(song_id)} has shape {array.shape}, its"
                f" record says {expected}). {AGAIN}"
            )
    return predictions


def write_plan(
    results: Path,
    study: str,
    cells: Sequence[Cell],
    contrasts: Sequence[tuple[str, str]] | None = None,
) -> None:
    """Remember what was asked for; the same request is remembered once.

    Contrasts declared later are another request: those of before stay declared.
    """
    for cell in {(cell.dataset, cell.features, cell.model): cell for cell in cells}.values():
        _path(results, "records", cell, cell.key, ".json")  # can there be such a file?
    pairs = None if contrasts is None else [list(pair) for pair in contrasts]
    plan = Plan(study, {cell.key: cell.group for cell in cells}, pairs)
    content = {key: value for key, value in vars(plan).items() if value is not None}
    write_whole(place(results, "plans", _file_name(plan)), _json(content))


def _file_name(plan: Plan) -> str:
    """Return what a plan's file is called: the study, and a digest of what it asks for."""
    asked = "".join(sorted(plan.groups))
    if plan.contrasts is not None:
        asked += json.dumps(sorted(plan.contrasts))
    digest = hashlib.sha256(asked.encode()).hexdigest()[:DIGEST_CHARACTERS]
    return f"{plan.study}-{digest}.json"


def read_plans(results: Path, study: str | None = None) -> list[Plan]:
    """Read what was asked for, of one study or of all."""
    plans = [checked_plan(path) for path in files_of(results, "plans", ending=".json")]
    return [plan for plan in plans if study in (None, plan.study)]


def checked_plan(path: Path) -> Plan:
    """Read one plan; one that was changed or renamed is named."""
    plan = read_checked(path, Plan, "Plan")
    if path.name != _file_name(plan):
        raise ResultsError(
            f"Plan {path} asks for other cells than its name says; by its content it is called"
            f" {_file_name(plan)}. Rename it back, or remove it and run again."
        )
    return plan


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
    groups = {record.cell: record.group for record in records}
    if not plans:
        return groups
    asked = {cell: group for plan in plans for cell, group in plan.groups.items()}
    for cell, group in asked.items():
        if groups.get(cell, group) != group:
            raise ResultsError(
                f"A plan in {results / 'plans'} counts cell {cell[:DIGEST_CHARACTERS]} to group"
                f" {group[:DIGEST_CHARACTERS]}, and its record says"
                f" {groups[cell][:DIGEST_CHARACTERS]}. Remove the plan and run again."
            )
    return asked


def read_records(results: Path) -> list[RunRecord]:
    """Read every record of a results folder, in the order of their paths."""
    if not results.is_dir():
        raise ResultsError(
            f"No results folder {results}. Run: python -m benchmark run --results {results}"
        )
    records = [checked_record(path) for path in record_files(results)]
    check_together(records, lambda record: record_path(results, record))
    return records


def record_files(results: Path) -> Iterator[Path]:
    """Yield the files of a results folder's records in order, unread."""
    for folder in folders_of(results, "records"):
        yield from files_of(results, "records", folder, ending=".json")


def latest_by_cell(records: Iterable[RunRecord]) -> dict[str, RunRecord]:
    """Return the records by cell digest."""
    return {record.cell: record for record in records}


def record_path(results: Path, record: RunRecord) -> Place:
    """Return where a record lies."""
    return path_of(results, "records", record, ".json")


def find_record(results: Path, cell: Cell) -> RunRecord | None:
    """Return the record of a cell, if there is one."""
    path = _path(results, "records", cell, cell.key, ".json")
    return checked_record(path) if path.exists() else None


def written_at(results: Path, cell: Cell) -> int:
    """Return when the record of a cell was written, in nanoseconds; 0 where there is none."""
    try:
        return _path(results, "records", cell, cell.key, ".json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def path_of(results: Path, kind: str, record: RunRecord, suffix: str) -> Place:
    """Return where a record, its predictions or its weights lie."""
    return _path(results, kind, record, record.cell, suffix)


def _path(results: Path, kind: str, of: Cell | RunRecord, key: str, suffix: str) -> Place:
    """Return where a file about a cell lies."""
    stem = f"{of.name}-{key[:DIGEST_CHARACTERS]}"
    return place(results, kind, folder_of(of), f"{stem}{suffix}")


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
