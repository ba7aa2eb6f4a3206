"""MLflow holds a copy of the records: whatever happens to it, nothing else is stopped or lost."""

import os
import shutil
import time
from dataclasses import replace

import pytest
from filelock import FileLock

from benchmark.errors import ResultsError
from benchmark.record.store import record_path, write_record
from benchmark.tracking.current import is_current
from benchmark.tracking.database import ARTIFACTS, DATABASE, open_client
from benchmark.tracking.folder import mirror_records
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.records import copy_record
from benchmark.tracking.store import FolderStore, copies
from benchmark.tracking.writer import Writer
from tests.benchmark.tracking.copied import ALL, RECORDS, bring_up_to_date, cells
from tests.made_up_records import make_record


def test_every_record_is_copied_once(made):
    assert cells(made) == ALL
    assert is_current(made)


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


@pytest.mark.parametrize(
    ("name", "address"),
    [("MLFLOW_TRACKING_URI", "sqlite:///x"), ("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")],
)
def test_a_place_of_the_environment_is_said_not_to_be_used(tmp_path, monkeypatch, name, address):
    monkeypatch.setenv(name, address)
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
        patch.setattr(FolderStore, "keep", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            copy_record(mirror, later)
    assert not is_current(results)
    mirror.refresh()
    copy_record(mirror, later)
    assert cells(results) == sorted([*ALL, later.cell])


def test_what_another_process_copied_meanwhile_is_not_copied_again(results):
    write_record(results, later := make_record(repetition=4), {})
    first, second = Mirror(results), Mirror(results)
    first.refresh()
    second.refresh()
    copy_record(second, later)
    first.refresh()
    copy_record(first, later)
    assert cells(results) == sorted([*ALL, later.cell])


def test_a_mirror_alone_learns_what_is_there_only_once(results, monkeypatch):
    for record in (later := [make_record(repetition=n) for n in (4, 5)]):
        write_record(results, record, {})
    mirror = Mirror(results)
    mirror.refresh()
    copy_record(mirror, later[0])
    monkeypatch.setattr("benchmark.tracking.store.copies", pytest.fail)
    mirror.refresh()
    copy_record(mirror, later[1])


def test_a_copy_says_what_the_file_says_when_another_process_trained_the_cell_too(results):
    other = replace(RECORDS[0], scores=RECORDS[0].scores | {"rmse_valence": 0.125})
    write_record(results, other, {})
    mirror = Mirror(results)
    copy_record(mirror, RECORDS[0])  # which this process still has in mind
    run = mirror.client.get_run(mirror.copies["cell", other.cell, ""].run_id)
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
