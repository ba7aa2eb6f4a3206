"""Places: every path inside a results folder, what is written there, and what is removed.

Records may come from a stranger, and their names become paths: no name leads out of the folder, no
link is followed that does, and only what this suite made is removed.
"""

import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NewType
from uuid import uuid4

from benchmark.errors import ResultsError
from datasets.names import flaw_of_file_name, shown_name

Place = NewType("Place", Path)  # a path that `place` made
FOLDERS = (  # that this suite writes to; MLflow and Optuna look after their own files
    *("records", "predictions", "annotations", "weights", "plans", "searches", "studies"),
    *("tables", "figures", "report", "speed", "claims"),
)
UNFINISHED = ".mer-"  # how a file is called while it is written
LEFT_BEHIND = re.compile(r"\.mer-[a-z0-9_]{8}")  # such a file of a process that was killed
OLD_SECONDS = 3600  # no file takes this long to be written


def place(results: Path, *names: str) -> Place:
    """Return a path inside a results folder; each name is that of one folder or file."""
    if any("\udc80" <= letter <= "\udcff" for letter in str(results)):  # bytes that are no text
        raise ResultsError(
            f"The name of results folder {shown_name(str(results))} is no UTF-8 text, and no"
            " database opens there. Give a folder with another name with --results."
        )
    path = results
    for name in names:
        if flaw := flaw_of_file_name(name):
            raise ResultsError(
                f"{shown_name(name)} cannot name a file in results folder {results}: it {flaw}."
                " Give it a short name without slashes and control characters."
            )
        path /= name
        if path.is_symlink() and not _stays_within(path, results):
            raise ResultsError(
                f"{path} is a link out of results folder {results}, or in a circle; nothing"
                " is read or written through it. Put the folder or file itself there."
            )
    return Place(path)


def _stays_within(link: Path, results: Path) -> bool:
    """Tell whether a link leads to somewhere in the folder; one in a circle leads nowhere."""
    end = Path(os.path.realpath(link))  # which does not fail in a circle, as `resolve` may
    return not end.is_symlink() and end.is_relative_to(results.resolve())


def files_of(results: Path, *names: str, ending: str) -> list[Path]:
    """Return the files of a folder that end so, in order; a link that leads out is refused.

    `Path.glob` takes three times as long, which is felt with a thousand records.
    """
    return [Path(entry) for entry in _entries(results, *names) if entry.name.endswith(ending)]


def folders_of(results: Path, *names: str) -> list[str]:
    """Return the names of a folder's folders, in order; a link that leads out is refused."""
    return [entry.name for entry in _entries(results, *names) if entry.is_dir()]


def _entries(results: Path, *names: str) -> list[os.DirEntry[str]]:
    """Return what lies in a folder of results, nothing where there is none."""
    folder = place(results, *names)
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_symlink():
            place(results, *names, entry.name)
    return entries


def prepare_folder(results: Path) -> None:
    """Make the results folder, or say why nothing can be written there; tidy after kills."""
    place(results)
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results, prefix=UNFINISHED):
            pass
    except OSError as error:
        raise ResultsError(
            f"Results folder {results} cannot be written ({error.strerror})."
            " Give another one with --results."
        ) from error
    _remove_left_behind(results)


def write_whole(path: Path, content: bytes) -> None:
    """Write atomically: a temporary file in the same folder, flushed, then renamed."""
    written = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=UNFINISHED, delete=False) as file:
            written = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644)
        written.replace(path)
    except OSError as error:
        if written is not None:
            with suppress(OSError):
                written.unlink(missing_ok=True)
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> ResultsError:
    return ResultsError(
        f"{path} cannot be written ({error.strerror}). Free space or rights,"
        " or give another folder with --results; what is recorded stays."
    )


def write_new(path: Place, content: bytes) -> bool:
    """Write a file where there is none, which of several processes succeeds for one alone."""
    try:
        with path.open("xb", buffering=0) as file:
            try:
                file.write(content)
            except OSError:
                path.unlink()
                raise
    except FileExistsError:
        return False
    except OSError as error:
        raise _not_written(path, error) from error
    return True


def put_aside(path: Place, content: bytes) -> None:
    """Remove a file of this content; what another process put there meanwhile is put back."""
    aside = path.with_name(f"{UNFINISHED}{uuid4().hex[:8]}")
    with suppress(FileNotFoundError):
        path.rename(aside)
        if (other := aside.read_bytes()) != content:
            write_new(path, other)
        aside.unlink()


def time_there(results: Path, folder: str) -> float:
    """Return what time it is by the clock that stamps files, as seconds since 1970."""
    path = place(results, folder)
    try:
        path.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path, prefix=UNFINISHED) as file:
            os.utime(file.name)
            return Path(file.name).stat().st_mtime
    except OSError as error:
        raise _not_written(path, error) from error


def remove(path: Place, *, holding: str = "") -> None:
    """Remove a file, or a folder that holds a file of this name; where nothing is, do nothing.

    Of a link the link is removed, never what it leads to. Anything else was not made by this
    suite and is refused.
    """
    try:
        kind = path.lstat().st_mode
        if stat.S_ISREG(kind) or stat.S_ISLNK(kind):
            path.unlink()
        elif stat.S_ISDIR(kind) and holding and (path / holding).is_file():
            shutil.rmtree(path)
        else:
            raise ResultsError(
                f"{path} was not made by mer-benchmark and is left as it is. Move it away and run"
                " the command again."
            )
    except FileNotFoundError:
        return
    except OSError as error:
        raise ResultsError(f"{path} cannot be removed ({error.strerror}).") from error


def _remove_left_behind(results: Path) -> None:
    """Remove the temporary files that killed processes left in the folder, once they are old."""
    oldest = time.time() - OLD_SECONDS
    for kind in FOLDERS:
        if (results / kind).is_symlink():
            continue
        for folder, _, files in os.walk(results / kind):  # follows no link below
            for name in filter(LEFT_BEHIND.fullmatch, files):
                with suppress(OSError):
                    path = Path(folder) / name
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode) and status.st_mtime < oldest:
                        path.unlink()
