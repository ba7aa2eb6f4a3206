"""The MLflow database of a results folder: make it whole or not at all, open it, repair it.

A new database grows beside its place and is renamed when it is complete. What a kill left of one
(here, or in its place, where MLflow itself makes databases) holds no run and is made anew. A
database of another version of MLflow, of another program, or no file at all is refused untouched.

Lock    RESULTS/mlflow.db.lock is held by the one process that makes, repairs or writes the copy
"""

import gc
import logging
import os
import sqlite3
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from benchmark.errors import ResultsError
from benchmark.record.places import place

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
NEW = f".{DATABASE}.new"  # a database in the making
JOURNALS = ("-journal", "-wal", "-shm")  # what SQLite keeps beside a database
LOCK_SECONDS = 60.0  # another process of ours may be writing
MIGRATING = threading.Lock()  # alembic knows one database at a time, whatever the thread
BUSY_SECONDS = 10.0  # another program may be writing, for less than a second
PLACES = (  # where MLflow keeps absolute addresses of files
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


class DatabaseBusy(ResultsError):  # noqa: N818 - not a mistake: the other process is ours
    """Another process is writing the MLflow copy of this results folder."""


def store_uri(results: Path) -> str:
    """Return the address of the results folder's MLflow database."""
    return _address(results / DATABASE)


def _address(path: Path) -> str:
    """Return a SQLite file as SQLAlchemy's address, in which `?` and `%` are quoted.

    The driver is named because MLflow makes the folder of an address without one, as it is quoted.
    """
    from sqlalchemy import URL

    return URL.create("sqlite+pysqlite", database=str(path.absolute())).render_as_string()


def artifacts_uri(results: Path) -> str:
    """Return the address of the folder that holds the files of all runs."""
    return place(results, ARTIFACTS).absolute().as_uri()


@contextmanager
def only_writer(results: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of a folder's copy; raises `DatabaseBusy` where another process keeps it.

    The lock goes with the process that holds it, whatever ends that; inside it can be held again.
    """
    if not results.is_dir():  # which the lock would make
        raise ResultsError(f"There is no results folder {results}.")
    lock = FileLock(f"{results / DATABASE}.lock", is_singleton=True)
    try:
        lock.acquire(timeout=seconds)
    except TimeoutError as error:
        raise DatabaseBusy(
            f"Another process is writing MLflow database {results / DATABASE}."
            " Try again when it has ended."
        ) from error
    try:
        yield
    finally:
        lock.release()


def open_client(results: Path, seconds: float = LOCK_SECONDS) -> "MlflowClient":
    """Open the results folder's database; a new one is made, a moved one repaired.

    Raises `ResultsError` where it is damaged, not of this MLflow, kept locked by others for so
    long, or where it or the files of its runs lie outside the folder.
    """
    place(results, DATABASE)
    place(results, ARTIFACTS)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow's own deprecations
        from mlflow import MlflowClient
        from mlflow.store.db import utils

        utils.MAX_RETRY_COUNT = 1  # else a folder that has vanished is tried for minutes
        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
        if not is_complete(results) or _former_places(results):
            with only_writer(results, seconds):
                if not is_complete(results):
                    _make(results)
                repair_moved(results)
        _refuse_elsewhere(results)
        address = store_uri(results)
        client = MlflowClient(tracking_uri=address, registry_uri=address)
        client.search_experiments(max_results=1)
    return client


@contextmanager
def one_transaction(client: "MlflowClient") -> Iterator[None]:
    """Write in one transaction; MLflow 3.17 takes twelve for a run, each in its own session.

    Inside, every session of the store is the same one. Nothing that makes MLflow roll back may be
    written: a run that has the same metrics already.
    """
    store = client._tracking_client.store
    new_session = store.ManagedSessionMaker
    failure = None  # MLflow would make an error of its own of it
    with new_session(read_only=False) as session:
        session.commit = session.flush
        gc.disable()  # it would look at every record in memory again and again
        store.ManagedSessionMaker = lambda read_only=True: nullcontext(session)
        try:
            yield
        except Exception as error:  # whatever it is
            session.rollback()
            failure = error
        finally:
            gc.enable()
            del session.commit
            store.ManagedSessionMaker = new_session
    if failure is not None:
        raise failure


def is_complete(results: Path) -> bool:
    """Tell whether there is a database of this MLflow; what a kill left of one is none.

    Raises `ResultsError` where something else is in its place.
    """
    path = results / DATABASE
    if not path.exists() and not path.is_symlink():
        return False
    if not path.is_file():
        raise ResultsError(f"MLflow database {path} is not a file. Remove it. {REBUILT}")
    with tables(results) as database:
        listed = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {str(name) for (name,) in listed}
        if not names:
            return False
        version = None
        if "alembic_version" in names:
            version = database.execute("SELECT max(version_num) FROM alembic_version").fetchone()[0]
        expected = _version()
        if version == expected:
            return True
        if _holds_nothing(database, names):
            return False
    raise ResultsError(
        f"MLflow database {path} is of another version of MLflow, or of another program (schema"
        f" {version}, this MLflow has {expected}). Move it away. {REBUILT}"
    )


REBUILT = "`report` makes another one from the records."


def _version() -> str:
    """Return the version of the tables that this MLflow reads and writes."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())  # type: ignore[no-untyped-call]


def _holds_nothing(database: sqlite3.Connection, names: set[str]) -> bool:
    """Tell whether these are MLflow's first tables, without anything that a user put there."""
    columns = {row[1] for row in database.execute("PRAGMA table_info(experiments)")}
    if not {"experiment_id", "artifact_location", "lifecycle_stage"} <= columns:
        return False
    kept = ["experiments WHERE name <> 'Default'"]
    kept += [one for one in ("runs", "registered_models") if one in names]
    return not any(database.execute(f"SELECT 1 FROM {one} LIMIT 1").fetchone() for one in kept)


def _make(results: Path) -> None:
    """Make an empty database beside its place, and rename it when it is complete."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    path, new = results / DATABASE, results / NEW
    _remove(new)
    try:
        with MIGRATING:
            store = SqlAlchemyStore(  # type: ignore[no-untyped-call]
                _address(new), artifacts_uri(results)
            )
        store.engine.dispose()
        with new.open("rb") as file:
            os.fsync(file.fileno())
        _remove(path)  # what a kill left; its journal would be taken for the new one's
        new.replace(path)
    finally:
        _remove(new)


def _remove(path: Path) -> None:
    """Remove a database of no worth, first itself, then what SQLite keeps beside it."""
    for suffix in ("", *JOURNALS):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def repair_moved(results: Path) -> bool:
    """Point a database that was copied or moved here at the files beside it; tell if it was."""
    former = _former_places(results)
    if former:
        with tables(results) as database:
            for there in former:
                for table, column in PLACES:
                    database.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?)"
                        f" WHERE {column} LIKE ? ESCAPE '\\'",
                        (artifacts_uri(results), len(there) + 1, f"{_literal(there)}/%"),
                    )
    return bool(former)


def _refuse_elsewhere(results: Path) -> None:
    """Refuse a database that would have files written outside the folder."""
    inside = f"{_literal(artifacts_uri(results))}/%"
    with tables(results) as database:
        for table, column in PLACES:
            of_ours = "AND name <> 'Default'" if table == "experiments" else ""
            found = database.execute(
                f"SELECT {column} FROM {table} WHERE {column} <> '' {of_ours}"
                f" AND ({column} NOT LIKE ? ESCAPE '\\' OR {column} LIKE '%/../%') LIMIT 1",
                (inside,),
            ).fetchone()
            if found:
                raise ResultsError(
                    f"MLflow database {results / DATABASE} names files outside the folder"
                    f" ({found[0]!a:.100}). Remove it. {REBUILT}"
                )


def _former_places(results: Path) -> set[str]:
    """Return the addresses of other folders that the database takes for its own."""
    with tables(results) as database:
        rows = database.execute("SELECT name, artifact_location FROM experiments").fetchall()
    return {
        location.removesuffix(f"/{name}")
        for name, location in rows
        if location.endswith(f"/{ARTIFACTS}/{name}")
    } - {artifacts_uri(results)}


@contextmanager
def tables(results: Path) -> Iterator[sqlite3.Connection]:
    """Open MLflow's own tables, in one transaction, for what its client cannot do."""
    path = results / DATABASE
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as database, database:
            yield database
    except sqlite3.DatabaseError as error:
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            problem = "is locked by another process", "Try again when it has ended."
        elif kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            problem = "is damaged", f"Remove it. {REBUILT}"
        else:
            problem = "cannot be used", "Free space or rights, or remove it."
        raise ResultsError(
            f"MLflow database {path} {problem[0]} ({error}). {problem[1]}"
        ) from error


def _literal(text: str) -> str:
    """Return text that LIKE takes as it is."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text
