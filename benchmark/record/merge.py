"""Merge results folders: what one takes from others, read and checked as everywhere.

A cell's record is written after its predictions and weights, and records after everything else. So
a merge that is killed leaves no half of a cell, and the same merge again completes it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.errors import ResultsError
from benchmark.plan.study_files import read_mapping
from benchmark.record.agreement import check_together
from benchmark.record.annotations import annotations_path, raters_path
from benchmark.record.merge_plan import Merge, Prefer, Version
from benchmark.record.places import Place, files_of
from benchmark.record.reading import read_arrays
from benchmark.record.record import RunRecord
from benchmark.record.searches import read_searches, search_path
from benchmark.record.store import (
    checked_plan,
    latest_by_cell,
    path_of,
    read_predictions,
    read_records,
    record_files,
    record_path,
)
from benchmark.record.weights import read_weights

HOLDING = ("records", "plans", "searches", "studies")  # one of which a results folder has
BESIDE = {"predictions": ".npz", "weights": ".safetensors"}  # a record, where they were kept


def begin_merge(sources: Sequence[Path], into: Path, prefer: Prefer | None = None) -> Merge:
    """Return a merge that takes nothing yet; raises `ResultsError` for what is no results folder.

    A folder that is given twice, or that is the target, counts once, where it was first given.
    """
    folders: list[Path] = []
    for source in sources:
        if not any((source / name).is_dir() for name in HOLDING):
            raise ResultsError(
                f"{source} is no results folder: it has no records, plans or searches. Give"
                " folders that `run` or `search` wrote."
            )
        folder = into if into.is_dir() and source.samefile(into) else source
        if not any(folder.samefile(one) for one in folders):
            folders.append(folder)
    if into.is_dir() and into not in folders:
        folders.append(into)
    return Merge(into, folders, prefer)


def take_searches(merge: Merge) -> None:
    """Take the files of searches, and the studies that they promoted."""
    merge.take_named(version for folder in merge.folders for version in _searches(merge, folder))
    merge.take_named(
        _by_time(merge, folder, path, read_mapping)
        for folder in merge.folders
        for path in files_of(folder, "studies", ending=".yaml")
    )


def _searches(merge: Merge, folder: Path) -> Iterator[Version]:
    for path in files_of(folder, "searches", ending=".json"):
        merge.look(path)
    for search in read_searches(folder):
        n_trials = len(search.trials)
        path = search_path(folder, search.name)
        yield Version(folder, path, vars(search), n_trials, f"{n_trials} trials")


def _by_time(
    merge: Merge, folder: Path, path: Path, read: Callable[[Path], Mapping[str, Any]]
) -> Version:
    """Return a file that holds no time as a version that is as new as the file."""
    merge.look(path)
    return Version(folder, path, read(path), path.stat().st_mtime)


def take_plans(merge: Merge) -> None:
    """Take the plans: a study's cells are those that any of its plans asks for."""
    merge.take_named(
        _by_time(merge, folder, path, lambda path: vars(checked_plan(path)))
        for folder in merge.folders
        for path in files_of(folder, "plans", ending=".json")
    )


def take_records(merge: Merge) -> None:
    """Take the records, with the predictions, weights and annotations of each.

    A cell that failed in one folder and ended in another has ended.
    """
    held: dict[Path, dict[str, RunRecord]] = {}
    for folder in merge.folders:
        for path in record_files(folder):
            merge.look(path)
        held[folder] = latest_by_cell(read_records(folder))
    cells = dict.fromkeys(cell for records in held.values() for cell in records)
    kept = {
        cell: merge.agreed(
            _ended(
                merge.into,
                [_version(folder, own[cell]) for folder, own in held.items() if cell in own],
            )
        )
        for cell in cells
    }
    records = {cell: held[versions[0].folder][cell] for cell, versions in kept.items()}
    merge.refuse_conflicts()  # two of which may well name other songs
    check_together(records.values(), lambda record: kept[record.cell][0].path)
    _take_annotations(merge, list(records.values()))
    for cell, versions in kept.items():
        _take_cell(merge, records[cell], versions)


def _version(folder: Path, record: RunRecord) -> Version:
    outcome = {key: value for key, value in vars(record).items() if key != "circumstances"}
    error, device = record.scores.get("rmse_average"), record.circumstances["device"]
    summary = f"RMSE {error} on {device}" if error else record.status
    started = record.circumstances["started"]
    return Version(folder, record_path(folder, record), outcome, started, summary)


def _ended(into: Path, versions: list[Version]) -> list[Version]:
    """Return the versions that did not fail; where all did, the target's own or the first."""
    ended = [version for version in versions if version.content["status"] != "failed"]
    return ended or sorted(versions, key=lambda version: version.folder != into)[:1]


def _take_annotations(merge: Merge, records: Sequence[RunRecord]) -> None:
    """Take the annotations of the songs that records name."""
    datasets = dict.fromkeys((record.dataset, record.dataset_digest) for record in records)
    merge.take_named(
        _by_time(merge, folder, path, _curves)
        for of_dataset in datasets
        for path_in in (annotations_path, raters_path)
        for folder in merge.folders
        if (path := path_in(folder, *of_dataset)).exists()
    )


def _curves(path: Path) -> dict[str, Any]:
    """Return arrays as values that can be compared."""
    arrays = read_arrays(path).items()
    return {name: (str(array.dtype), array.shape, array.tobytes()) for name, array in arrays}


def _take_cell(merge: Merge, record: RunRecord, versions: Sequence[Version]) -> None:
    """Take what belongs to a record from the folders that agree with it, and last the record."""
    is_there = versions[0].folder == merge.into
    places = {kind: path_of(merge.into, kind, record, end) for kind, end in BESIDE.items()}
    new: list[tuple[Path, Place]] = []
    for kind, ending in BESIDE.items():
        sources = [path_of(version.folder, kind, record, ending) for version in versions]
        source = next((path for path in sources if path.exists()), None)
        if source and source != places[kind]:
            merge.look(source)
            _check_beside(kind, versions[sources.index(source)].folder, record)
            new.append((source, places[kind]))
    if not is_there:
        new.append((versions[0].path, record_path(merge.into, record)))
    own = () if is_there else (record_path(merge.into, record), *places.values())
    replaces = tuple(path for path in own if path.exists())
    for path, target in new:
        merge.take(path, target, replaces)
        replaces = ()


def _check_beside(kind: str, folder: Path, record: RunRecord) -> None:
    if kind == "weights":
        read_weights(path_of(folder, kind, record, BESIDE[kind]))
    else:
        read_predictions(folder, record)
