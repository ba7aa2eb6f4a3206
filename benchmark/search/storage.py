"""Where a search lives: SQLite, a journal file or PostgreSQL; opened, checked and repaired.

sqlite:///FILE                       one process; the default, in the results folder
journal:FILE                         several processes that share a disk
postgresql+psycopg://USER@HOST/NAME  several machines; a worker that goes silent is noticed
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from benchmark.errors import ConfigError, ResultsError
from benchmark.record.places import place, write_whole
from benchmark.search.trials import queue_again
from benchmark.tracking.address import shown, without_secrets

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

DATABASE = "optuna.db"
JOURNAL, SQLITE, POSTGRES = "journal:", "sqlite:", "postgresql"
HEARTBEAT_SECONDS = 30
SILENT_SECONDS = 120  # after which a worker on another machine counts as dead
OPERATION = '{"op_code"'  # how every line of Optuna's journal begins


def default_storage(results: Path) -> str:
    """Return the address of the results folder's own database."""
    return sqlite_address(place(results, DATABASE))


def sqlite_address(path: Path) -> str:
    """Return the address of a SQLite file, with `?` and `%` quoted."""
    from sqlalchemy import URL

    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


def serves_many(url: str) -> bool:
    """Tell whether several processes may share this storage."""
    return not url.startswith(SQLITE)


@contextmanager
def kept_from_others(url: str) -> Iterator[None]:
    """Hold a SQLite file for this process, until the end or a kill; refuse a second process."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        file = None if serves_many(url) else make_url(url).database
    except (ArgumentError, ValueError) as error:
        raise ConfigError(
            f"--storage {shown(url)} is no database address: {_reason(error, url)}."
        ) from error
    if file is None:
        yield
        return
    lock = FileLock(f"{file}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(
            f"Another process is searching in {shown(url)}, and SQLite serves one."
            " Wait for it, or use a journal or PostgreSQL as --storage."
        ) from error
    except OSError as error:
        raise ResultsError(f"Storage {shown(url)} cannot be opened: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def failing_plainly(url: str) -> Iterator[None]:
    """Say in one line that a storage cannot be read or written any more, as on a full disk."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        reason = _reason(error if error.__cause__ is None else error.__cause__, url)
        raise ResultsError(
            f"Storage {shown(url)} cannot be read or written: {reason}. Finished trials keep their"
            " records: run the same command again when there is room and the database answers."
        ) from error


def open_storage(url: str) -> "BaseStorage":
    """Open a storage; what is wrong with it is said in one line."""
    if url.startswith(JOURNAL):
        return _open_journal(Path(url.removeprefix(JOURNAL)))
    if not url.startswith((SQLITE, POSTGRES)):
        raise ConfigError(
            f"--storage {shown(url)!r}: write sqlite:///FILE, journal:FILE or"
            " postgresql+psycopg://USER:PASSWORD@HOST/DATABASE."
        )
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    is_shared = serves_many(url)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the heartbeat is called experimental
            return RDBStorage(
                url,
                engine_kwargs={"pool_pre_ping": True},
                heartbeat_interval=HEARTBEAT_SECONDS if is_shared else None,
                grace_period=SILENT_SECONDS if is_shared else None,
                heartbeat_stale_trial_callback=queue_again if is_shared else None,
            )
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--storage {shown(url)}: the driver '{error.name}' is not installed."
            " Run: pip install 'mer-benchmark[postgres]', and write postgresql+psycopg://..."
        ) from error
    except (ArgumentError, ValueError, TypeError) as error:
        raise ConfigError(
            f"--storage {shown(url)} is no database address: {_reason(error, url)}."
        ) from error
    except (SQLAlchemyError, RuntimeError) as error:
        reason = _reason(error, url)
        raise ResultsError(f"Storage {shown(url)} cannot be opened: {reason}") from error


def _reason(error: BaseException, url: str) -> str:
    """Return the first line of an error, in which a driver may repeat the password."""
    reason = next(iter(str(error).splitlines()), "") or type(error).__name__
    return without_secrets(reason, url)


def dashboard_command(url: str) -> str:
    """Return the command that opens optuna-dashboard on a storage."""
    return f"optuna-dashboard {quote(url.removeprefix(JOURNAL))}"


def _open_journal(path: Path) -> "BaseStorage":
    """Open a journal file after mending what a kill in the middle of a line left."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with held_journal(path):
                repair_journal(path)
        lock = JournalFileOpenLock(str(path))
        return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
    except OSError as error:
        raise ResultsError(f"Journal {path} cannot be opened ({error.strerror}).") from error


@contextmanager
def held_journal(path: Path) -> Iterator[None]:
    """Hold a journal's own lock: nobody else writes to it meanwhile."""
    from optuna.storages.journal import JournalFileOpenLock

    lock = JournalFileOpenLock(str(path))
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def repair_journal(path: Path) -> int:
    """Drop the torn pieces of a journal and keep every whole operation; return how many fell.

    A kill can cut the last line, and the next writer then continues in the middle of it, after
    which Optuna cannot read on. The damaged file is kept beside the mended one.
    """
    content = path.read_bytes()
    mended, n_torn = [], 0
    for line in content.decode(errors="replace").splitlines():
        whole = _whole_operation(line)
        n_torn += whole != line
        mended += [whole] if whole else []
    text = "".join(f"{line}\n" for line in mended).encode()
    if text != content:
        write_whole(path.with_name(f"{path.name}.torn"), content)
        write_whole(path, text)
    return n_torn


def _whole_operation(line: str) -> str:
    """Return the line, or the whole operation at its end, or nothing."""
    start = 0 if line.startswith(OPERATION) else line.find(OPERATION)
    while start >= 0:
        try:
            json.loads(line[start:])
        except ValueError:
            start = line.find(OPERATION, start + 1)
        else:
            return line[start:]
    return ""
