"""A tracking server gets the same copy as the folder's own database, and can stop nothing."""

import os
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from mlflow import MlflowClient

from benchmark.record.store import write_record
from benchmark.report.answer import Answer
from benchmark.tracking import server as server_module
from benchmark.tracking.address import checked_address
from benchmark.tracking.folder import mirror_and_publish, mirror_answer
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.records import copy_record, mean_entry
from benchmark.tracking.searches import copy_trial, summarise_search
from benchmark.tracking.server import ServerStore
from benchmark.tracking.tracking import Tracking
from tests.benchmark.tracking.searches import found, trial
from tests.made_up_records import make_record
from tests.made_up_rows import make_table
from tests.serving import free_port, serving

QUICK = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
SECRET = "s3cr3t"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Run `mlflow server` on an empty SQLite database; give its address."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", port, "--workers", 1]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}"]
    command += ["--artifacts-destination", folder / "files"]
    with serving(command, port, folder / "log") as address:
        yield address


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let no test wait for what is down, and leave no setting behind."""
    for name, value in (server_module.SETTINGS | QUICK).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(server_module, "FIRST_PAUSE", 0.05)


def three(dataset):
    """Return three records of one row in an experiment of its own."""
    return [make_record(repetition=n, dataset=dataset) for n in (1, 2, 3)]


def answer_of(folder, records):
    for record in records:
        write_record(folder, record, {})
    return Answer("mine", records, [make_table(*records)])


def bring_up(folder, uri, records, **options):
    """Copy records to the folder's own database and a server; return what was said."""
    said = []
    answer = answer_of(folder, records)
    tracking = Tracking(folder, said.append, uri, **options)
    tracking.attempt(lambda mirror: mirror_and_publish(mirror, answer, []))
    return said


def runs_of(uri, dataset):
    """Return the runs of an experiment by their name."""
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(f"{dataset}-deam-six").experiment_id
    runs = client.search_runs([experiment])
    by_name = {run.info.run_name: run for run in runs}
    assert len(by_name) == len(runs)
    return client, by_name


def test_a_server_holds_what_the_folder_holds_and_again_adds_nothing(server, tmp_path):
    records = three("whole")
    assert bring_up(tmp_path, server, records) == []
    client, runs = runs_of(server, "whole")
    _, own = runs_of(f"sqlite:///{tmp_path / 'mlflow.db'}", "whole")
    assert runs.keys() == own.keys() == {"crnn-L60", *(record.name for record in records)}
    for name, run in runs.items():
        same = own[name]
        assert (run.data.metrics, run.data.params) == (same.data.metrics, same.data.params)
        assert (run.info.status, run.info.end_time) == ("FINISHED", same.info.end_time)
    run = runs["crnn-L60-r1"]
    assert run.data.tags["mlflow.parentRunId"] == runs["crnn-L60"].info.run_id
    (file,) = client.list_artifacts(run.info.run_id)
    assert file.path.startswith("crnn-L60-r1-")
    assert bring_up(tmp_path, server, records, has_local=False) == []
    _, again = runs_of(server, "whole")
    assert {name: run.info.run_id for name, run in again.items()} == {
        name: run.info.run_id for name, run in runs.items()
    }


def test_a_record_that_changed_replaces_its_copy_and_the_mean_says_so(server, tmp_path):
    records = three("changed")
    bring_up(tmp_path, server, records)
    other = replace(records[0], scores=records[0].scores | {"rmse_valence": 0.125})
    assert bring_up(tmp_path, server, [other, *records[1:]]) == []
    _, runs = runs_of(server, "changed")
    assert runs["crnn-L60-r1"].data.metrics["rmse_valence"] == 0.125
    mean = runs["crnn-L60"]
    assert mean.data.metrics["rmse_valence"] == pytest.approx((0.125 + 0.3 + 0.3) / 3)
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs.values()}
    assert parents == {None, mean.info.run_id}


def test_what_was_cut_short_is_completed_where_it_lies(server, tmp_path):
    records = three("short")
    answer = answer_of(tmp_path, records)
    mirror = Mirror(tmp_path, ServerStore(server))
    mirror_answer(mirror, answer, [])
    mirror.client.update_run(mirror.copies["cell", records[0].cell, ""].run_id, status="RUNNING")
    _, before = runs_of(server, "short")
    mirror_answer(Mirror(tmp_path, ServerStore(server)), answer, [])
    _, after = runs_of(server, "short")
    assert {run.info.status for run in after.values()} == {"FINISHED"}
    assert after["crnn-L60-r1"].info.run_id == before["crnn-L60-r1"].info.run_id


def test_two_drivers_at_the_same_moment_make_every_run_once(server, tmp_path):
    records = three("twice")
    answer = answer_of(tmp_path, records)
    both, said, ready = threading.Barrier(2), [], set()

    def write(mirror):
        mirror.refresh()
        mirror.experiment(mean_entry(records[0]))  # which learns what is there: nothing
        if mirror not in ready:
            ready.add(mirror)
            both.wait(60)
        mirror_answer(mirror, answer, [])

    drivers = [Tracking(tmp_path, said.append, server, has_local=False) for _ in range(2)]
    for driver in drivers:
        driver.server.begin(write)
    for driver in drivers:
        driver.server.end()
    assert said == []
    _, runs = runs_of(server, "twice")  # which sees that no name is there twice
    assert len(runs) == 1 + len(records)


def test_what_others_keep_in_an_experiment_of_the_same_name_stays(server, tmp_path):
    client = MlflowClient(tracking_uri=server)
    experiment = client.create_experiment("foreign-deam-six")
    theirs = client.create_run(experiment, run_name="theirs", tags={"mine": "yes"})
    assert bring_up(tmp_path, server, three("foreign")) == []
    _, runs = runs_of(server, "foreign")
    assert len(runs) == 5
    assert runs["theirs"].info.run_id == theirs.info.run_id
    assert runs["theirs"].data.tags["mine"] == "yes"


def test_a_search_begun_anew_says_its_own_identity_on_a_server_too(server, tmp_path):
    first = found(trial(0, rmse=0.4), trial(1), trial(2), seed=1)
    for search in (first, found(trial(0), trial(1))):
        mirror = Mirror(tmp_path, ServerStore(server))
        for row in search.trials:
            copy_trial(mirror, search.name, row, None)
        summarise_search(mirror, search, [])
    client = mirror.client
    runs = client.search_runs([client.get_experiment_by_name("search-mine").experiment_id])
    (own,) = [run for run in runs if run.data.tags["mer.kind"] == "search"]
    assert own.data.params == {"model": "crnn"}
    trials = [run for run in runs if run is not own]
    assert sorted(run.data.tags["mer.trial"] for run in trials) == ["0", "1"]
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {own.info.run_id}


def test_a_server_that_is_down_is_one_line_without_its_password_and_caught_up_later(
    server, tmp_path
):
    records = three("later")
    down = f"http://me:{SECRET}@127.0.0.1:{free_port()}"
    (line,) = bring_up(tmp_path, down, records)
    assert line.startswith(f"Tracking server {down.replace(f'me:{SECRET}', '***')} is not up to")
    assert f"report --results {tmp_path} --tracking-uri http://***@127.0.0.1" in line
    assert SECRET not in line
    assert len(line.splitlines()) == 1
    _, own = runs_of(f"sqlite:///{tmp_path / 'mlflow.db'}", "later")
    assert len(own) == 4
    assert bring_up(tmp_path, server, records) == []
    assert runs_of(server, "later")[1].keys() == own.keys()


@contextmanager
def silent():
    """Accept connections and never answer; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_never_answers_holds_nobody_up(tmp_path):
    records = three("silent")
    answer = answer_of(tmp_path, records)
    said = []
    with silent() as address:
        tracking = Tracking(tmp_path, said.append, address, seconds_to_wait=0.5)
        started = time.monotonic()
        for record in records:
            tracking.server.beside_training(lambda mirror, one=record: copy_record(mirror, one))
        assert time.monotonic() - started < 0.5
        for _ in range(2):
            started = time.monotonic()
            tracking.server.begin(lambda mirror: mirror_answer(mirror, answer, []))
            tracking.server.end()
            assert time.monotonic() - started < 5
        (line,) = said
        assert "TimeoutError: not ready after 0 s." in line
        assert f"--tracking-uri {address}" in line


@contextmanager
def forwarding(port, address):
    """Let a port lead to a server."""
    there = int(address.rpartition(":")[2])

    def pump(source, sink):
        with source, sink:
            try:
                while some := source.recv(65536):
                    sink.sendall(some)
            except OSError:
                pass

    def accept():
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            target = socket.create_connection(("127.0.0.1", there))
            for pair in ((client, target), (target, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield


def test_a_server_that_comes_back_gets_what_it_missed_while_training_goes_on(server, tmp_path):
    records = three("back")
    answer_of(tmp_path, records)
    port, said, copied = free_port(), [], []
    tracking = Tracking(tmp_path, said.append, f"http://127.0.0.1:{port}", has_local=False)

    def copy(mirror, record):
        copy_record(mirror, record)
        copied.append(record.name)

    for record in records:
        tracking.beside_training(lambda mirror, one=record: copy(mirror, one))
    time.sleep(0.5)
    assert copied == []
    with forwarding(port, server):
        deadline = time.monotonic() + 60
        while len(copied) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert sorted(copied) == sorted(record.name for record in records)
    assert len(runs_of(server, "back")[1]) == 4
    assert said == []


def test_a_database_of_postgresql_takes_the_same_copy(tmp_path):
    uri = os.environ.get("MER_TEST_POSTGRES")
    if not uri:
        pytest.skip("MER_TEST_POSTGRES gives no address of an empty PostgreSQL database")
    records, uri = three("postgres"), checked_address(uri)
    for _ in range(2):
        assert bring_up(tmp_path, uri, records) == []
    assert len(runs_of(uri, "postgres")[1]) == 4
