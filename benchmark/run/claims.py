"""Claims: of several runs on one results folder, none trains what another has begun.

A claim is a file in RESULTS/claims, made only where there is none, which shared file systems do
for one process alone. It is touched while its run lives, and removed at the end. A run that was
killed leaves its claims: they are void at once where its process could be seen, and elsewhere
after ten minutes without a touch.
"""

import json
import os
import platform
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from benchmark.errors import ResultsError
from benchmark.files import content_of
from benchmark.plan.cell import Cell
from benchmark.plan.values import STORED, Count, Name
from benchmark.record.places import Place, files_of, place, put_aside, time_there, write_new
from benchmark.record.reading import read_checked
from benchmark.record.store import DIGEST_CHARACTERS

FOLDER = "claims"
BEAT_SECONDS = 30.0
SILENT_SECONDS = 600.0  # twenty beats, of a busy disk or a computer that slept


@dataclass(frozen=True)
class Claim:
    """Who trains a cell."""

    __pydantic_config__ = STORED

    run: Name  # of all runs anywhere, by chance
    host: Name  # for people
    processes: Name  # where `pid` counts: this start of this machine, this container
    pid: Count


class Claims:
    """What this run has begun, and what others have."""

    def __init__(self, results: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Claim nothing yet."""
        self.results, self.clock = results, clock
        self.own = Claim(uuid4().hex, platform.node() or "unknown", _processes(), os.getpid())
        self.content = json.dumps(asdict(self.own)).encode()
        self._held: dict[str, Place] = {}  # by cell
        self._lock = threading.Lock()  # cells are claimed, released and touched by three threads
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        """Begin to touch what is claimed."""
        # of the disk's clock, which may differ from this machine's
        self.offset = time_there(self.results, FOLDER) - self.clock()
        for path in files_of(self.results, FOLDER, ending=".json"):
            self._clear(Place(path))
        threading.Thread(target=self._beat, name="claims", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release whatever is claimed."""
        self._is_over.set()
        for key in list(self._held):
            self.release(key)

    def take(self, cell: Cell) -> bool:
        """Claim a cell; tell whether this run may train it. It may not what it has claimed."""
        path = self._path(cell)
        is_new = write_new(path, self.content)
        if not is_new and not (self._clear(path) and write_new(path, self.content)):
            return False
        with self._lock:
            self._held[cell.key] = path
        return True

    def release(self, key: str) -> None:
        """Let others have a cell, if this run has claimed it."""
        with self._lock:
            path = self._held.pop(key, None)
        if path is not None:
            with suppress(OSError, ResultsError):  # of a disk that is gone: the claim expires
                put_aside(path, self.content)

    def holder(self, cell: Cell) -> str:
        """Return in words who trains a cell, as far as it can be read."""
        claim = _read(self._path(cell))
        return f"process {claim.pid} on {claim.host}" if claim else "another run"

    def _path(self, cell: Cell) -> Place:
        name = f"{cell.name}-{cell.key[:DIGEST_CHARACTERS]}.json"
        return place(self.results, FOLDER, name)

    def _clear(self, path: Place) -> bool:
        """Remove a claim whose run is gone; tell whether the cell is free."""
        try:
            content = content_of(path)
            claim = _read(path)
            is_here = claim is not None and claim.processes == self.own.processes
            is_void = _has_ended(claim.pid) if claim and is_here else self._is_silent(path)
            if not is_void:
                return False
            put_aside(path, content)
        except FileNotFoundError:  # released meanwhile
            return True
        except OSError:  # of a shared disk that is busy
            return False
        return True

    def _is_silent(self, path: Place) -> bool:
        """Tell whether a claim was not touched for long; a stamp of the future is a clock's."""
        return abs(self.clock() + self.offset - path.stat().st_mtime) > SILENT_SECONDS

    def _beat(self) -> None:
        """Touch every claim now and then, with the disk's own time."""
        while not self._is_over.wait(BEAT_SECONDS):
            with self._lock:
                paths = list(self._held.values())
            for path in paths:
                with suppress(OSError):
                    os.utime(path)


def _has_ended(pid: int) -> bool:
    """Tell whether there is no such process any more, or one that only waits to be reaped."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:  # there is one, of another user
        return False


def _read(path: Place) -> Claim | None:
    """Return a claim, None where it is being written, or gone, or damaged."""
    try:
        return read_checked(path, Claim, "Claim")
    except ResultsError:
        return None


def _processes() -> str:
    """Return what tells this machine's processes from those of another, or of a container."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node() or "unknown"
