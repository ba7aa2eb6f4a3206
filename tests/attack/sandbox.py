"""Where a case happens: a folder of its own with sentinels around it, copies of good results in it.

SANDBOX/outside.txt, project/...   nothing may touch these
SANDBOX/a/b/c/work                 where commands run; `results` and `data` in it are theirs
"""

import hashlib
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

WORK = Path("a/b/c/work")  # so deep that no `../../..` of a case leaves the sandbox
THEIRS = ("results", "data", "predictions")  # below WORK


class Sandbox:
    """A case's folder."""

    def __init__(self, folder: Path) -> None:
        """Make it, with sentinels at every level."""
        self.folder = folder
        self.work = folder / WORK
        self.results = self.work / "results"
        self.data = self.work / "data"
        self.work.mkdir(parents=True)
        for place in (folder, *(folder / one for one in WORK.parents if one != Path())):
            (place / "outside.txt").write_text("nothing of a benchmark's\n")
            (place / "project").mkdir()
            (place / "project" / "thesis.tex").write_text("years of work\n")
        (self.work / "notes.txt").write_text("of the user\n")
        self.before: dict[str, str] = {}

    def close(self) -> None:
        """Remove it."""
        for path, folders, _ in os.walk(self.folder):
            for one in folders:
                place = Path(path) / one
                if not place.is_symlink():
                    place.chmod(0o755)
        shutil.rmtree(self.folder, ignore_errors=True)

    def copy(self, template: Path, name: str = "results") -> Path:
        """Put a copy of a template folder into the work folder."""
        return Path(shutil.copytree(template, self.work / name, symlinks=True))

    def freeze(self, theirs: Iterable[str] = THEIRS) -> None:
        """Remember everything that no command may touch."""
        self.theirs = {self.work / one for one in theirs}
        self.before = self._outside()

    def changed_outside(self) -> list[str]:
        """Name what was made, changed or removed outside the commands' own folders."""
        after = self._outside()
        every = sorted(self.before.keys() | after.keys())
        return [path for path in every if self.before.get(path) != after.get(path)]

    def _outside(self) -> dict[str, str]:
        """Return path -> content of everything that is not the commands' own."""
        found = {}
        waiting = [self.folder]
        while waiting:
            for path in sorted(waiting.pop().iterdir()):
                if path in self.theirs:
                    continue
                name = os.fsencode(path.relative_to(self.folder)).decode(errors="replace")
                found[name] = _content(path)
                if path.is_dir() and not path.is_symlink():
                    waiting.append(path)
        return found


def _content(path: Path) -> str:
    """Return what identifies a file: kind and content."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {path.readlink()}"
    if not stat.S_ISREG(mode):
        return str(stat.S_IFMT(mode))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def records(results: Path) -> dict[str, dict[str, Any]]:
    """Return every record by path, without what may differ from run to run."""
    found = {}
    for path in sorted((results / "records").glob("*/*.json")):
        values = json.loads(path.read_text())
        values.pop("circumstances")
        found[path.relative_to(results).as_posix()] = values
    return found


def predictions(results: Path) -> dict[str, dict[str, bytes]]:
    """Return the predictions of every record, as bytes."""
    found = {}
    for path in sorted((results / "predictions").glob("*/*.npz")):
        with np.load(path) as arrays:
            name = path.relative_to(results).as_posix()
            found[name] = {song: one.tobytes() for song, one in arrays.items()}
    return found


def weights(results: Path) -> dict[str, tuple[Any, bytes]]:
    """Return header and arrays of every file of weights; keys of the header have no order."""
    found = {}
    for path in sorted((results / "weights").glob("*/*.safetensors")):
        content = path.read_bytes()
        end = 8 + int.from_bytes(content[:8], "little")
        name = path.relative_to(results).as_posix()
        found[name] = json.loads(content[8:end]), content[end:]
    return found


def trained(results: Path) -> dict[str, Any]:
    """Return everything that a study trained, to be compared bit for bit."""
    return records(results) | predictions(results) | weights(results)


def mlflow_cells(results: Path) -> list[str]:
    """Return the cell of every finished, undeleted MLflow run of a cell, sorted; doubles show."""
    with closing(sqlite3.connect(f"file:{_quoted(results)}/mlflow.db?mode=ro", uri=True)) as base:
        rows = base.execute(
            "SELECT c.value FROM runs r"
            " JOIN tags c ON c.run_uuid = r.run_uuid AND c.key = 'mer.cell'"
            " JOIN tags k ON k.run_uuid = r.run_uuid AND k.key = 'mer.kind' AND k.value = 'cell'"
            " WHERE r.lifecycle_stage = 'active' AND r.status != 'RUNNING'"
        )
        return sorted(cell for (cell,) in rows)


def _quoted(path: Path) -> str:
    return quote(os.fsencode(path.absolute()))
