"""Names of folders, full and read-only disks, folders that vanish, databases that are locked."""

import ctypes
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

from tests.attack.arena import SEARCH, STUDY, Arena
from tests.attack.command import Limits
from tests.attack.outcome import Outcome
from tests.attack.sandbox import THEIRS, Sandbox

NAMES = (
    "q?x=1", "?", "#", "a#b", "%41", "%2e%2e", "%", "%zz", "a b", " ", "new\nline", "tab\t", "ä",
    "é", "日本", "💥", "-", "--json", "-x", "'", '"', "$(touch x)", "$HOME", ";x", "*", "[a]",
    "[/x]",
    "{}", "~", "\\", "a\\b", b"\xff".decode(errors="surrogateescape"), "=1", "&", ":", "a:b", "@",
    "sqlite:x", "|", "<b>", "a" * 200, "a" * 255, ".hidden", "...", "a.", "\x1b[31m",
    "d/" * 60 + "x", "%s", "mlflow.db", "x/../y", "CON", "file:x", "results.json",
)  # fmt: skip
SIZES = (0, 4, 40, 100, 200, 300, 400, 500, 600, 800, 1000, 1300, 1600, 2000, 3000)  # kB of a disk
FILE_SIZES = (2, 4, 8, 16, 64, 128, 256, 400, 600)  # kB of any file, what is printed included
MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096


def attack(number: int, random: Random, arena: Arena) -> Outcome:
    """Try one place."""
    outcome = Outcome("places", number)
    name, trouble = PLACES[number % len(PLACES)]
    outcome.what = name
    box = arena.sandbox()
    try:
        trouble(outcome, box, arena, random)
        outcome.left_alone(box)
    finally:
        box.close()
    return outcome


def named(name: str) -> "Trouble":
    """Return a study, its report and a search in a folder of this name."""

    def trouble(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
        results = box.work / name
        box.freeze((*THEIRS, Path(name).parts[0], os.path.normpath(name)))
        where = [f"--results={name}"]
        run = arena.call(box, *STUDY, *where)
        outcome.ended(run)
        if run.code == 0:
            outcome.completed(results, arena.reference)
            if not (results / "mlflow.db").is_file():
                outcome.faults.append("exit code 0 and no mlflow.db in the folder")
            outcome.ended(arena.call(box, random.choice(("report", "status")), *where))
            outcome.ended(arena.call(box, *SEARCH, *where))

    return trouble


Trouble = Callable[[Outcome, Sandbox, Arena, Random], None]


def _study(outcome: Outcome, box: Sandbox, arena: Arena, random: Random, **how: object) -> None:
    """Run a study or a report and hold it to its end."""
    is_there = random.random() < 0.5
    if is_there:
        for path in (arena.studied / "results").iterdir():
            copy = shutil.copytree if path.is_dir() else shutil.copy
            try:
                copy(path, box.results / path.name)
            except OSError:  # the disk is full with this much
                if path.is_file():
                    (box.results / path.name).unlink(missing_ok=True)  # half a file
                break
    command = random.choice((STUDY, STUDY, ("report",), SEARCH))
    outcome.what += f", {command[0]}{' on an old folder' if is_there else ''}"
    outcome.ended(arena.call(box, *command, **how))


def _complete(outcome: Outcome, box: Sandbox, arena: Arena) -> None:
    """Run the study where nothing is in its way any more."""
    for path in box.results.glob("records/*/*.json"):
        if not path.stat().st_size:
            outcome.faults.append(f"an empty record: {path.name}")
    outcome.succeeded(arena.call(box, *STUDY))
    outcome.same_records(box.results, arena.records)
    outcome.mirrored(box.results, arena.records)


def full(kilobytes: int) -> Trouble:
    """Return a disk of so many kB."""

    def trouble(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
        box.results.mkdir()
        with _mounted(outcome, box.results, f"size={max(1, kilobytes)}k"):
            if not outcome.skipped:
                _study(outcome, box, arena, random)
                saved = shutil.copytree(box.results, box.work / "data")
        if not outcome.skipped:
            box.results.rmdir()
            shutil.move(saved, box.results)
            if not outcome.faults:
                _complete(outcome, box, arena)

    return trouble


def limited(kilobytes: int) -> Trouble:
    """Return a limit of so many kB to any one file, as `ulimit -f` sets."""

    def trouble(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
        box.results.mkdir()
        limits = Limits(file_bytes=max(1, kilobytes * 1024))
        _study(outcome, box, arena, random, limits=limits)
        if not outcome.faults:
            _complete(outcome, box, arena)

    return trouble


def read_only(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
    """Mount the results folder on itself, read-only."""
    box.copy(arena.studied / "results")
    with _mounted(outcome, box.results, "", bind=True):
        if not outcome.skipped:
            _study(outcome, box, arena, random)
    if not outcome.skipped and not outcome.faults:
        _complete(outcome, box, arena)


def forbidden(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
    """Lend the folder to a user who may not write there."""
    if os.geteuid():
        outcome.skipped = "only root can become another user"
        return
    box.copy(arena.studied / "results")
    box.results.chmod(random.choice((0o555, 0o000, 0o111)))
    command = random.choice((STUDY, ("report",), ("status",)))
    outcome.what += f", {command[0]}, mode {box.results.stat().st_mode & 0o777:o}"
    outcome.ended(arena.call(box, *command, limits=Limits(user=65534)))
    box.results.chmod(0o755)
    if not outcome.faults:
        _complete(outcome, box, arena)


def vanishing(what: str) -> Trouble:
    """Return a folder or file that is gone in the middle."""

    def trouble(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
        if random.random() < 0.5:
            box.copy(arena.studied / "results")
        workers = random.choice("12")
        call = arena.begin(box, *STUDY[:-1], workers, "--fresh")
        seconds = random.uniform(0, 1.5) ** 2
        until = time.monotonic() + seconds
        while call.is_alive() and (time.monotonic() < until or not box.results.exists()):
            time.sleep(0.002)
        path = box.work / what
        saved = path.read_bytes() if path.is_file() else None
        _removed(path)
        outcome.what += f" after {seconds:.2f} s, {workers} workers"
        outcome.ended(call.finish())
        if saved is not None and not path.exists():
            path.write_bytes(saved)
        if not outcome.faults:
            _complete(outcome, box, arena)

    return trouble


def _removed(path: Path) -> None:
    """Remove a file or a folder that something still writes to."""
    if path.is_dir():
        path.rename(path.with_name("data"))  # whoever writes on writes there
    else:
        path.unlink(missing_ok=True)


def locked(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
    """Hold the MLflow database from without."""
    box.copy(arena.studied / "results")
    with closing(sqlite3.connect(box.results / "mlflow.db", isolation_level=None)) as base:
        base.execute("BEGIN EXCLUSIVE")
        outcome.ended(arena.call(box, *random.choice((STUDY, (*STUDY, "--fresh")))))
    if not outcome.faults:
        _complete(outcome, box, arena)


def instead(what: str, kind: str) -> Trouble:
    """Return something that is no file, or no folder, where one is expected."""

    def trouble(outcome: Outcome, box: Sandbox, arena: Arena, random: Random) -> None:
        box.copy(arena.studied / "results")
        path = box.results / what
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        match kind:
            case "folder":
                path.mkdir()
            case "file":
                path.write_text("x")
            case "loop":
                path.symlink_to(path.name)
            case "outside":
                path.symlink_to(box.work / "project", target_is_directory=True)
        command = random.choice((STUDY, (*STUDY, "--fresh"), ("report",)))
        outcome.what += f", {command[0]}"
        outcome.ended(arena.call(box, *command))
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        if not outcome.faults:
            _complete(outcome, box, arena)

    return trouble


@contextmanager
def _mounted(outcome: Outcome, folder: Path, options: str, *, bind: bool = False) -> Iterator[None]:
    """Mount a small disk on a folder, or the folder on itself read-only, if it is permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    place = os.fsencode(folder)

    def mount(kind: bytes | None, flags: int, data: bytes | None) -> int:
        return int(libc.mount(place if bind else b"none", place, kind, flags, data))

    if bind:
        failed = mount(None, MS_BIND, None) or mount(None, MS_BIND | MS_REMOUNT | MS_RDONLY, None)
    else:
        failed = mount(b"tmpfs", 0, options.encode())
    if failed:
        outcome.skipped = f"mounting is not permitted here ({os.strerror(ctypes.get_errno())})"
    try:
        yield
    finally:
        while libc.umount2(place, 2) == 0:  # 2: MNT_DETACH
            pass


FOLDERS = ("mlartifacts", "records", "plans", "tables", "figures", "weights", "predictions")
VANISHING = (
    "results", "searched.py", "results/mlflow.db", "results/records", "results/mlartifacts",
)  # fmt: skip
PLACES: list[tuple[str, Trouble]] = [
    *((f"results folder named {name!r:.60}", named(name)) for name in NAMES),
    *((f"a disk of {size} kB", full(size)) for size in SIZES),
    *((f"files of at most {size} kB", limited(size)) for size in FILE_SIZES),
    *(("a read-only disk", read_only),) * 4,
    *(("no permission", forbidden),) * 6,
    *((f"{what} vanishes", vanishing(what)) for what in VANISHING * 3),
    *(("a locked MLflow database", locked),) * 2,
    *(
        (f"mlflow.db is a {kind}", instead("mlflow.db", kind))
        for kind in ("folder", "loop", "outside")
    ),
    *(
        (f"{what} is a {kind}", instead(what, kind))
        for what in FOLDERS
        for kind in ("file", "loop", "outside")
    ),
]
N_PLACES = len(PLACES)
