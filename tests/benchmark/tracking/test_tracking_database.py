"""A database that was left half made, damaged, locked or moved: one line, or made anew."""

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.dbmodels.initial_models import Base as FirstTables

from benchmark.errors import ResultsError
from benchmark.record.store import record_path, write_record
from benchmark.tracking import database
from benchmark.tracking.database import ARTIFACTS, DATABASE, NEW, open_client, store_uri
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.records import copy_record
from benchmark.tracking.store import copies
from benchmark.tracking.writer import Writer
from tests.benchmark.tracking.copied import ALL, RECORDS, bring_up_to_date, cells
from tests.made_up_records import make_record


@pytest.mark.parametrize("n_tables", [1, 3, 7])
def test_a_database_that_mlflow_left_half_made_is_made_anew(tmp_path, n_tables):
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / DATABASE}")
    FirstTables.metadata.create_all(engine, tables=FirstTables.metadata.sorted_tables[:n_tables])
    engine.dispose()
    (tmp_path / f"{DATABASE}-journal").write_bytes(b"")
    assert [one.name for one in open_client(tmp_path).search_experiments()] == ["Default"]


def test_what_a_kill_left_of_a_database_in_the_making_is_removed(tmp_path):
    for name in (NEW, f"{NEW}-journal", f"{DATABASE}-journal"):
        (tmp_path / name).write_bytes(b"torn")
    (tmp_path / DATABASE).touch()
    open_client(tmp_path).search_experiments()
    assert {path.name for path in tmp_path.iterdir()} == {DATABASE, f"{DATABASE}.lock"}


def test_a_database_in_the_making_is_never_seen_in_its_place(tmp_path, monkeypatch):
    seen = []
    replaced = Path.replace

    def replace_seen(path, target):
        seen.append(sorted(one.name for one in tmp_path.iterdir()))
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", replace_seen)
    open_client(tmp_path)
    assert seen == [[NEW, f"{DATABASE}.lock"]]


def a_folder(path):
    path.mkdir()


def a_loop(path):
    path.symlink_to(path.name)


def no_database(path):
    path.write_text("no database at all, but long enough to be looked at" * 99)


def of_another_program(path):
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("CREATE TABLE experiments (theirs)")
        opened.execute("INSERT INTO experiments VALUES ('kept')")


def of_another_mlflow(path):
    shutil.copy(path.parent / "good.db", path)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = 'later'")


SPOILT = {
    a_folder: "is not a file. Remove it. `report` makes another one from the records",
    a_loop: "or in a circle",
    no_database: "is damaged (file is not a database). Remove it",
    of_another_program: "is of another version of MLflow, or of another program",
    of_another_mlflow: "(schema later, this MLflow has ",
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_is_no_database_of_ours_is_named_in_one_line_and_left_alone(results, spoil):
    path = results / DATABASE
    path.rename(results / "good.db")
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    (line,) = bring_up_to_date(results)
    assert SPOILT[spoil] in line
    assert line.startswith("MLflow is not up to date: ")
    assert line.endswith(f"run: python -m benchmark report --results {results}")
    assert "\n" not in line
    assert (path.read_bytes() if path.is_file() else None) == before
    with pytest.raises(ResultsError, match=r"mlflow\.db"):
        open_client(results)


def test_a_database_locked_by_another_program_is_said_once_and_copied_to_later(
    results, monkeypatch
):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    write_record(results, later := make_record(repetition=4), {})
    said = []
    writer, mirror = Writer(results, said.append), Mirror(results)
    with closing(sqlite3.connect(results / DATABASE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(3):
            writer.beside_training(lambda: copy_record(mirror, later))
        assert writer.attempt(lambda: copy_record(mirror, later), 0) is None
        other.rollback()
    (line,) = said
    assert "is locked by another process (database is locked). Try again when it has ended." in line
    assert cells(results) == ALL
    writer.attempt(lambda: copy_record(mirror, later), 0)
    assert cells(results) == sorted([*ALL, later.cell])
    assert len(said) == 1


@pytest.mark.parametrize("name", ["q?x=1", "50%", "%2e%2e", "%41", "a#b", "a b", "{x}", "ü"])
def test_a_results_folder_may_have_any_name(results, name):
    folder = results.rename(results.parent / name)
    write_record(folder, later := make_record(repetition=4), {})
    before = sorted(folder.parent.iterdir())
    assert bring_up_to_date(folder) == []
    assert cells(folder) == sorted([*ALL, later.cell])
    assert sorted(folder.parent.iterdir()) == before == [folder]
    (artifact,) = open_client(folder).list_artifacts(copies(folder, "cell")[-1].run_id)
    assert artifact.path == record_path(folder, later).name


def test_a_folder_like_that_gets_a_new_database(tmp_path):
    folder = tmp_path / "q?x=1 %41#{}"
    folder.mkdir()
    open_client(folder)
    assert os.listdir(tmp_path) == [folder.name]  # noqa: PTH208 - names, as the system has them
    assert (folder / DATABASE).stat().st_size > 0
    assert sqlalchemy.make_url(store_uri(folder)).database == str(folder / DATABASE)


def test_links_that_lead_out_of_the_folder_are_not_written_through(tmp_path):
    results, outside = tmp_path / "results", tmp_path / "outside"
    write_record(results, RECORDS[0], {})
    outside.mkdir()
    for link in (results / ARTIFACTS, results / DATABASE):
        link.symlink_to(outside)
        (said,) = bring_up_to_date(results)
        assert f"{link} is a link out of results folder" in said
        link.unlink()
    bring_up_to_date(results)
    (folder,) = (results / ARTIFACTS).iterdir()
    shutil.rmtree(folder)
    folder.symlink_to(outside)
    assert "is a link out of" in bring_up_to_date(results)[0]
    assert not list(outside.iterdir())


@pytest.mark.parametrize("address", ["file://{}/outside", "file://{}/results/mlartifacts/../../x"])
def test_a_database_that_names_files_outside_the_folder_is_refused(results, tmp_path, address):
    with closing(sqlite3.connect(results / DATABASE)) as table, table:
        table.execute("UPDATE runs SET artifact_uri = ?", (address.format(tmp_path),))
    shutil.rmtree(results / ARTIFACTS)
    (said,) = bring_up_to_date(results)
    assert "names files outside the folder" in said
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_folder_that_vanishes_while_its_database_is_opened_is_said_soon(tmp_path, monkeypatch):
    for name, value in (("is_complete", True), ("_former_places", []), ("_refuse_elsewhere", None)):
        monkeypatch.setattr(database, name, lambda _, value=value: value)
    begun = time.monotonic()
    with pytest.raises(MlflowException, match="unable to open database file"):
        open_client(tmp_path / "gone")
    assert time.monotonic() - begun < 20  # minutes, with MLflow's own retries
