"""MLflow holds a copy of the records: whatever happens to it, nothing else is stopped or lost."""

import os
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy
from filelock import FileLock
from mlflow.store.tracking.dbmodels.initial_models import Base as FirstTables
from mlflow.tracking._tracking_service.utils import _artifact_repos_cache

from benchmark.errors import ResultsError
from benchmark.record.store import record_path, write_record
from benchmark.run.session import mirror_records
from benchmark.tracking import database
from benchmark.tracking.current import is_current
from benchmark.tracking.database import ARTIFACTS, DATABASE, NEW, open_client, store_uri
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.runs import copies
from benchmark.tracking.writer import Writer
from tests.benchmark.report.records import make_record

RECORDS = [make_record(repetition=n) for n in (1, 2, 3)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with three records and their copy."""
    folder = tmp_path_factory.mktemp("made")
    for record in RECORDS:
        write_record(folder, record, {})
    bring_up_to_date(folder)
    return folder


@pytest.fixture
def results(made, tmp_path):
    """Return a folder of one's own with three records and their copy."""
    _artifact_repos_cache.clear()  # MLflow remembers where a run's files lie, whatever its folder
    return Path(shutil.copytree(made, tmp_path / "results"))


def bring_up_to_date(folder):
    """Copy a folder's records as `report` and `ui` do; return what it said."""
    said = []
    mirror_records(folder, Writer(folder, said.append), 0)
    return said


def cells(folder):
    """Return the cells that the copy holds, in order, each as often as it is there."""
    return sorted(copy.tags["mer.cell"] for copy in copies(folder, "cell"))


ALL = sorted(record.cell for record in RECORDS)


def test_every_record_is_copied_once(made):
    assert cells(made) == ALL
    assert is_current(made)


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
            writer.beside_training(lambda: mirror.copy(later))
        assert writer.attempt(lambda: mirror.copy(later), 0) is None
        other.rollback()
    (line,) = said
    assert "is locked by another process (database is locked). Try again when it has ended." in line
    assert cells(results) == ALL
    writer.attempt(lambda: mirror.copy(later), 0)
    assert cells(results) == sorted([*ALL, later.cell])
    assert len(said) == 1


def test_who_does_not_get_the_lock_goes_on_and_says_so_at_the_end_only(results):
    said, written = [], []
    writer = Writer(results, said.append)
    with FileLock(results / f"{DATABASE}.lock"):  # as if by another process
        writer.beside_training(lambda: written.append(1))
        assert said == []
        assert writer.attempt(lambda: written.append(2), 0.01) is None
    assert written == []
    (line,) = said
    assert "Another process is writing MLflow database" in line
    writer.attempt(lambda: written.append(3), 0)
    assert written == [3]


class RudeError(Exception):
    def __str__(self):
        return "first\n second" + " and so on" * 99


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device."),
        (RudeError(), "RudeError: first second and so on"),
        (ResultsError("The folder went away."), "date: The folder went away. Nothing"),
    ],
)
def test_any_error_while_writing_is_one_line(tmp_path, error, reason):
    def write():
        raise error

    said = []
    writer = Writer(tmp_path, said.append)
    writer.beside_training(write)
    assert writer.attempt(write) is None
    (line,) = said
    assert reason in line
    assert len(line.splitlines()) == 1


def test_a_folder_that_vanished_is_one_line(tmp_path):
    (line,) = bring_up_to_date(tmp_path / "gone")
    assert f"There is no results folder {tmp_path / 'gone'}." in line
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"])
def test_a_server_of_the_environment_is_said_not_to_be_used(tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    (tmp_path / "results").mkdir()
    said = []
    writer = Writer(tmp_path / "results", said.append)
    assert said == [
        f"{name} is set and not used: records are copied to {writer.results / DATABASE}."
    ]
    for record in RECORDS:
        write_record(writer.results, record, {})
    mirror_records(writer.results, writer, 0)
    assert cells(writer.results) == ALL
    assert len(said) == 1


def test_a_copy_cut_short_by_a_mishap_is_made_whole_by_the_next_attempt(results, monkeypatch):
    write_record(results, later := make_record(repetition=4), {})
    mirror = Mirror(results)
    mirror.refresh()
    with monkeypatch.context() as patch:
        patch.setattr(type(mirror.client), "log_artifact", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mirror.copy(later)
    assert not is_current(results)
    mirror.refresh()
    mirror.copy(later)
    assert cells(results) == sorted([*ALL, later.cell])


def test_what_another_process_copied_meanwhile_is_not_copied_again(results):
    write_record(results, later := make_record(repetition=4), {})
    first, second = Mirror(results), Mirror(results)
    first.refresh()
    second.refresh()
    second.copy(later)
    first.refresh()
    first.copy(later)
    assert cells(results) == sorted([*ALL, later.cell])


def test_a_mirror_alone_learns_what_is_there_only_once(results, monkeypatch):
    for record in (later := [make_record(repetition=n) for n in (4, 5)]):
        write_record(results, record, {})
    mirror = Mirror(results)
    mirror.refresh()
    mirror.copy(later[0])
    monkeypatch.setattr("benchmark.tracking.mirror.copies", pytest.fail)
    mirror.refresh()
    mirror.copy(later[1])


def test_a_copy_says_what_the_file_says_when_another_process_trained_the_cell_too(results):
    other = replace(RECORDS[0], scores=RECORDS[0].scores | {"rmse_valence": 0.125})
    write_record(results, other, {})
    mirror = Mirror(results)
    mirror.copy(RECORDS[0])  # which this process still has in mind
    run = mirror.client.get_run(mirror.copies[other.cell].run_id)
    assert run.data.metrics["rmse_valence"] == 0.125


def test_cells_and_means_that_are_there_twice_are_healed(results):
    client = open_client(results)
    for copy in copies(results, "mean", "cell"):
        run = client.get_run(copy.run_id)
        twin = client.create_run(run.info.experiment_id, tags=run.data.tags)
        client.set_terminated(twin.info.run_id)
    assert cells(results) == sorted(2 * ALL)
    assert bring_up_to_date(results) == []
    assert cells(results) == ALL
    (mean,) = copies(results, "mean")
    assert {copy.tags["mlflow.parentRunId"] for copy in copies(results, "cell")} == {mean.run_id}
    assert is_current(results)


def files(folder):
    """Return the files of all runs, by their name."""
    return sorted(path.name for path in (folder / ARTIFACTS).rglob("*") if path.is_file())


def test_deleted_files_of_runs_come_back(results):
    before = files(results)
    assert before == sorted(record_path(results, record).name for record in RECORDS)
    shutil.rmtree(results / ARTIFACTS)
    assert not is_current(results)
    assert bring_up_to_date(results) == []
    assert files(results) == before
    assert is_current(results)
    assert cells(results) == ALL


def test_an_experiment_deleted_in_the_ui_does_not_stop_the_copy(results):
    client = open_client(results)
    (one,) = [one for one in client.search_experiments() if one.name != "Default"]
    client.delete_experiment(one.experiment_id)
    assert bring_up_to_date(results) == []
    assert cells(results) == ALL


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


def test_a_pipe_among_the_records_is_named_and_not_waited_for(results):
    os.mkfifo(results / "records" / "tiny-six" / "x.json")
    assert not is_current(results)
    (said,) = bring_up_to_date(results)
    assert "x.json cannot be read: it is a pipe or device, no file" in said


def test_who_has_said_that_another_process_writes_waits_no_more(results):
    said, started = [], time.monotonic()
    writer = Writer(results, said.append)
    with FileLock(results / f"{DATABASE}.lock"):
        for seconds in (0.5, 60):
            assert writer.attempt(pytest.fail, seconds) is None
    assert time.monotonic() - started < 30
    assert len(said) == 1
    assert "Another process is writing MLflow database" in said[0]


@pytest.mark.parametrize("address", ["file://{}/outside", "file://{}/results/mlartifacts/../../x"])
def test_a_database_that_names_files_outside_the_folder_is_refused(results, tmp_path, address):
    with closing(sqlite3.connect(results / DATABASE)) as table, table:
        table.execute("UPDATE runs SET artifact_uri = ?", (address.format(tmp_path),))
    shutil.rmtree(results / ARTIFACTS)
    (said,) = bring_up_to_date(results)
    assert "names files outside the folder" in said
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
