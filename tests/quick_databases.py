"""SQLite databases of the tests wait for no disk, and MLflow's tables are made once a process."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event


@contextmanager
def quick_databases(folder: Path) -> Iterator[None]:
    """Copy MLflow's empty tables from `folder`; write nothing through to the disk.

    No test cuts the power. The copies replace MLflow's sixty migrations and nothing of ours.
    """
    from benchmark.tracking import database

    make, template = database._make, folder / "tables.db"

    def make_quickly(results: Path) -> None:
        from mlflow.store.db import utils

        migrate = utils._initialize_tables

        def copy(engine: Engine) -> None:
            if not template.exists():
                first = create_engine(f"sqlite:///{template}")
                migrate(first)
                first.dispose()
            engine.dispose()
            shutil.copyfile(template, engine.url.database or "")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(utils, "_initialize_tables", copy)
            make(results)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_make", make_quickly)
        patch.setattr(os, "fsync", lambda file: None)
        event.listen(Engine, "connect", _write_behind)
        yield
        event.remove(Engine, "connect", _write_behind)


def _write_behind(connection: Any, _: object) -> None:
    """Let the system write when it likes; a database that is no such thing is found later."""
    if isinstance(connection, sqlite3.Connection):
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA synchronous = OFF")
