"""Results folders to merge: records with everything that may lie beside them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.record.merge_plan import Merge
from benchmark.record.record import RunRecord
from benchmark.record.searches import SearchRecord, TrialRow, write_search
from benchmark.record.store import write_plan, write_record
from benchmark.record.weights import write_weights
from benchmark.search.merge import merge_folders
from datasets.ranges import FeatureRange
from tests.made_up_records import make_record
from tests.small_models import make_cell

SONGS = {"e0": 7, "e1": 20, "e2": 33}  # of every made-up record
RANGE = FeatureRange(np.zeros(6), np.ones(6), 15.0)
TRIAL = TrialRow(
    number=0, state="done", rmse=0.25, n_parameters=10, n_epochs=3, seconds=1.5, reason=None,
    is_default=True, cell=None, commit="abc", values={"crnn.dropout": 0.25},
)  # fmt: skip
IDENTITY = {
    "model": "crnn", "space": {"crnn.dropout": "0 to 1"}, "dataset": "tiny",
    "dataset digest": "d" * 64, "features": "six", "folds": 5, "seed": 2017,
}  # fmt: skip


def record_of(repetition: int = 1, started: int = 1_700_000_000, **changes: object) -> RunRecord:
    """Return the record of a repetition that was begun at some time."""
    cell = make_cell("crnn", repetition=repetition)
    record = make_record(**cell.plain(), **changes)
    made_by = {"started": started, "features_made_by": "tests"}
    record.circumstances.update(made_by)
    return record


def scored(error: float, repetition: int = 1, **changes: object) -> RunRecord:
    """Return a record with another average RMSE."""
    record = record_of(repetition, **changes)
    return replace(record, scores=record.scores | {"rmse_average": error})


def fill(folder: Path, *records: RunRecord, level: float = 0.5) -> Path:
    """Write records with predictions and weights of one level, and their plan."""
    for record in records:
        if record.status == "done":
            level_T2 = {song: np.full((n, 2), level, np.float32) for song, n in SONGS.items()}
            cell = make_cell("crnn", repetition=record.repetition)
            write_weights(folder, record, cell, {"w": np.full(3, level, np.float32)}, RANGE)
            write_record(folder, record, level_T2)
        else:
            write_record(folder, record, {})
    repetitions = [record.repetition for record in records]
    write_plan(folder, "mine", [make_cell("crnn", repetition=n) for n in repetitions])
    return folder


def add_search(folder: Path, name: str = "s", n_trials: int = 1) -> Path:
    """Write a search of so many trials and the study that it promoted."""
    trials = [TrialRow(**vars(TRIAL) | {"number": number}) for number in range(n_trials)]
    write_search(folder, SearchRecord(name=name, identity=IDENTITY, options={}, trials=trials))
    (folder / "studies").mkdir(exist_ok=True)
    (folder / "studies" / f"best-{name}.yaml").write_text("# a comment\nmodels: [crnn]\n")
    return folder


def merged(*folders: Path, into: Path, **options: object) -> Merge:
    """Merge folders."""
    return merge_folders(folders, into, **options)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder but locks."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def touched(folder: Path) -> dict[str, tuple[int, int]]:
    """Return which file lies at every path of a folder, and when it was last written."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }
