"""Merge results folders, the storages of their searches included.

Optuna's studies cannot be merged by file. So a new storage is made in a temporary folder, of the
target's own and of the studies that it lacks, and replaces the target's as a whole. Storages of
other folders are copied before they are opened, because opening repairs them.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote

from benchmark.errors import ResultsError
from benchmark.files import MOST_BYTES, check_regular, content_of
from benchmark.record.merge import begin_merge, take_plans, take_records, take_searches
from benchmark.record.merge_plan import Merge, Prefer, Version
from benchmark.record.places import place, prepare_folder, remove
from benchmark.search.storage import (
    DATABASE,
    JOURNAL,
    OPERATION,
    held_journal,
    kept_from_others,
    open_storage,
    sqlite_address,
)
from benchmark.search.trials import is_finished
from benchmark.tracking.database import JOURNALS, only_writer

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage


def merge_folders(sources: Sequence[Path], into: Path, prefer: Prefer | None = None) -> Merge:
    """Bring what results folders hold into one; return what was written.

    Raises `ResultsError`, before anything is written, for folders that disagree and for any file
    that is damaged, renamed or of another version. MLflow's copy is left to `report`.
    """
    merge = begin_merge(sources, into, prefer)
    take_searches(merge)
    take_storages(merge)
    take_plans(merge)
    take_records(merge)
    merge.refuse_conflicts()
    if merge.files:
        prepare_folder(into)
        with only_writer(into), _kept_from_searches(merge):
            merge.write()
    return merge


def take_storages(merge: Merge) -> None:
    """Take the studies of the folders' own storages: SQLite, and journals named `*.log`."""
    names = {path.name for folder in merge.folders for path in folder.glob("*.log")}
    for name in (DATABASE, *sorted(names)):
        with TemporaryDirectory(prefix="mer-merge-") as temporary:
            _take_storage(merge, name, Path(temporary))


def _take_storage(merge: Merge, name: str, temporary: Path) -> None:
    """Take the studies of all storages that have one name."""
    holders = [folder for folder in merge.folders if _holds(folder, name)]
    if not any(folder != merge.into for folder in holders):
        return
    copies: dict[Path, Path] = {}
    versions: dict[str, list[Version]] = defaultdict(list)
    for number, folder in enumerate(holders):
        copies[folder] = temporary / f"{number}-{name}"
        for version in _read_copy(merge, folder, name, copies[folder]):
            versions[version.content["name"]].append(version)
    base = merge.into if merge.into in copies else holders[0]
    kept = {study: merge.agreed(of_name) for study, of_name in versions.items()}
    new = {
        study: same[0].folder
        for study, same in kept.items()
        if base not in [version.folder for version in same]
    }
    if merge.conflicts or (base == merge.into and not new):
        return
    import optuna

    with _opened(copies[base]) as storage:
        for study, folder in new.items():
            if base in [version.folder for version in versions[study]]:
                optuna.delete_study(study_name=study, storage=storage)
            with _opened(copies[folder]) as source:
                optuna.copy_study(from_study_name=study, from_storage=source, to_storage=storage)
    merge.take(copies[base].read_bytes(), place(merge.into, name))


def _holds(folder: Path, name: str) -> bool:
    """Tell whether a folder has a storage of this name; an empty database is none yet."""
    path = place(folder, name)
    if name == DATABASE:
        return path.exists() and path.stat().st_size > 0
    return path.is_file() and content_of(path).startswith(OPERATION.encode())


def _read_copy(merge: Merge, folder: Path, name: str, copy: Path) -> list[Version]:
    """Copy a folder's storage and return its studies; whatever is wrong with it is one error."""
    path = place(folder, name)
    merge.look(path)
    try:
        if name == DATABASE:
            _copy_database(path, copy)
        else:
            copy.write_bytes(content_of(path))
        with _opened(copy) as storage:
            return [_version(folder, path, study) for study in _studies(storage)]
    except Exception as error:  # whatever SQLite and Optuna make of a stranger's file
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ResultsError(
            f"The searches in {path} cannot be read: {reason.replace(str(copy), name)} Remove it to"
            " merge the rest: finished trials keep their records."
        ) from error


def _copy_database(path: Path, copy: Path) -> None:
    """Copy a database as its last whole transaction left it, and change nothing beside it."""
    check_regular(path, MOST_BYTES)
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(address, uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master")  # `backup` waits for ever for this
            source.backup(target)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise
        # a killed search left half a transaction, which SQLite takes back where it may write
        copy.write_bytes(content_of(path))
        for ending in JOURNALS:
            if (journal := Path(f"{path}{ending}")).exists():
                Path(f"{copy}{ending}").write_bytes(content_of(journal))
    with closing(sqlite3.connect(copy)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    if "studies" not in tables:
        raise ResultsError("it has no table of studies.")


@contextmanager
def _opened(copy: Path) -> Iterator["BaseStorage"]:
    """Open a storage of ours for a while."""
    is_database = copy.name.endswith(DATABASE)
    storage = open_storage(sqlite_address(copy) if is_database else f"{JOURNAL}{copy}")
    try:
        yield storage
    finally:
        storage.remove_session()
        if is_database:
            storage.engine.dispose()  # type: ignore[attr-defined]  # of SQLite's alone


def _studies(storage: "BaseStorage") -> list["Study"]:
    import optuna

    names = optuna.get_all_study_names(storage)
    return [optuna.load_study(study_name=name, storage=storage) for name in names]


def _version(folder: Path, path: Path, study: "Study") -> Version:
    """Return a study as a value; numbers that a storage gives its trials are its own."""
    trials = study.get_trials(deepcopy=False)
    content = {
        "name": study.study_name,
        "directions": study.directions,
        "settings": study.user_attrs,
        "trials": [
            json.dumps(vars(trial) | {"_trial_id": None}, sort_keys=True, default=str)
            for trial in trials
        ],
    }
    n_finished = sum(map(is_finished, trials))
    summary = f"search {study.study_name}, {n_finished} trials"
    return Version(folder, path, content, n_finished, summary)


@contextmanager
def _kept_from_searches(merge: Merge) -> Iterator[None]:
    """Hold the storages that are to be replaced as a search in them would."""
    with ExitStack() as locks:
        for file in merge.files:
            if file.place.name == DATABASE:
                locks.enter_context(kept_from_others(sqlite_address(file.place)))
                _end_transactions(merge)
            elif isinstance(file.source, bytes):
                locks.enter_context(held_journal(file.place))
        yield


def _end_transactions(merge: Merge) -> None:
    """Let SQLite take back what a killed search left, so that no journal meets another database."""
    path = place(merge.into, DATABASE)
    journals = [place(merge.into, f"{DATABASE}{ending}") for ending in JOURNALS]
    merge.check_unchanged(path)
    if not path.exists():
        for journal in journals:  # of a database that is gone
            remove(journal)
        return
    with closing(sqlite3.connect(path)) as database:
        database.execute("SELECT count(*) FROM sqlite_master")
    if any(journal.exists() for journal in journals):
        raise ResultsError(f"Another program is writing {path}. Try again when it has ended.")
    merge.look_again(path)
