"""Cells on machines with disks of their own: what a node must have, and what it sends back.

A node trains into a folder of its own and returns the files; only the machine that was asked
writes results, the record last.
"""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmark.errors import USER_ERRORS
from benchmark.executors.contract import Report
from benchmark.plan.cell import Cell
from benchmark.record.environment import release
from benchmark.record.places import place, write_whole
from benchmark.record.record import RunRecord
from benchmark.run.execute import Job, execute
from benchmark.run.loading import keep_split, load_split
from benchmark.run.plugins import include_sent
from datasets.contract import Split

Songs = tuple[str, str, str]  # dataset, its options as JSON, feature set
Files = dict[str, bytes]  # "records/ab/abc.json" -> content


def songs_of(cells: Sequence[Cell]) -> list[Songs]:
    """Return which songs these cells need, each once."""
    return list(
        dict.fromkeys(
            (cell.dataset, json.dumps(cell.dataset_options, sort_keys=True), cell.features)
            for cell in cells
        )
    )


def load(songs: Songs, data_root: Path | None) -> Split:
    """Load songs from this machine's own data folder, MER_DATA, or else from `data_root`."""
    dataset, options, features = songs
    own = os.environ.get("MER_DATA")
    return load_split(dataset, json.loads(options), features, Path(own) if own else data_root)


def facts(needed: Sequence[Songs], data_root: Path | None) -> dict[str, str]:
    """Return what must be the same on every machine that trains cells of one table."""
    found = {
        "Python": platform.python_version(),
        "torch": str(torch.__version__),
        "version": release(),
    }
    for songs in needed:
        try:
            digest = load(songs, data_root).digest()
        except USER_ERRORS as error:
            digest = f"not there ({error})"
        found[f"dataset {songs[0]} with features {songs[2]}"] = digest
    return found


def begin(files: Sequence[tuple[str, bytes]], sent: Mapping[Songs, Split]) -> None:
    """Know a user's own rows, and songs that were sent along."""
    include_sent(files)
    for (dataset, options, features), split in sent.items():
        keep_split(dataset, json.loads(options), features, split)


def execute_elsewhere(job: Job, report: Report) -> tuple[RunRecord, Files]:
    """Run a cell in a folder of this machine's own; return its record and all its files."""
    own = os.environ.get("MER_DATA")
    with TemporaryDirectory(prefix="mer-cell-") as folder:
        root = Path(own) if own else job.data_root
        here = replace(job, cell=job.cell.checked(), results=Path(folder), data_root=root)
        record = execute(here, report)
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return record, {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def write_files(results: Path, files: Files) -> None:
    """Write what a node sent back, the record last."""
    for name in sorted(files, key=lambda name: name.startswith("records/")):
        write_whole(place(results, *name.split("/")), files[name])
