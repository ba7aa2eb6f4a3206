"""Several processes on one search: nothing twice, nothing lost, the work shared."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

import optuna
import psutil
import pytest
from sqlalchemy.pool import NullPool

from tests.benchmark.apart import start_apart
from tests.benchmark.search.searching import NAME, found, options, write_file

N_WORKERS = 4


def server_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs: on the path, or where Debian puts them."""
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(on_path).parent if on_path else debian[-1].parent if debian else None


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """Start a PostgreSQL server of our own on a free port; give the address of its database."""
    programs = server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    who = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL refuses root, and there is no user 'postgres'")
        who = {"user": "postgres", "group": "postgres", "extra_groups": []}
    folder = Path(f"/tmp/mer-benchmark-postgres-{os.getpid()}")
    folder.mkdir()
    if who:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program, *arguments):
        subprocess.run(
            [programs / program, *map(str, arguments)],
            cwd="/",
            check=True,
            capture_output=True,
            **who,
        )

    data, log = folder / "data", folder / "log"
    serve = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    )
    try:
        call("initdb", "-D", data, "-U", "mer", "-A", "trust", "--no-sync", "-E", "UTF8")
        call("pg_ctl", "-D", data, "-l", log, "-o", serve, "-w", "start")
        try:
            yield f"postgresql+psycopg://mer@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def begin(folder, **changed):
    """Start a search as a process of its own."""
    write_file(folder)
    return start_apart(["search", *options(folder, **changed)], folder / "log")


def finish(process, folder):
    """Wait for the end; return what was printed."""
    process.join(250)
    process.kill()
    printed = (folder / "log").read_text()
    assert process.exitcode == 0, printed
    return printed


def trials_in(url, name=NAME):
    """Return a search's trials; no connection stays open."""
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})
    try:
        if name not in optuna.get_all_study_names(storage):
            return []
        return optuna.load_study(study_name=name, storage=storage).trials
    finally:
        storage.remove_session()


def workers_of(process):
    """Return the processes below a running search, its workers among them."""
    return psutil.Process(process.pid).children(recursive=True)


def test_four_processes_share_one_search_in_postgres(tmp_path, postgres):
    process = begin(tmp_path, trials=24, workers=N_WORKERS, storage=postgres, sampler="random")
    finish(process, tmp_path)
    trials = found(tmp_path)["trials"]
    assert len(trials) == 24
    assert len({one["cell"] for one in trials}) == 24
    who = Counter(
        one.user_attrs["worker"] for one in trials_in(postgres) if one.state.name != "FAIL"
    )
    assert len(who) > 1  # the machine may be too busy for all four to get a share
    assert sum(who.values()) == 24


def test_a_killed_worker_is_noticed_and_its_trial_retried(tmp_path, postgres):
    process = begin(
        tmp_path, name="killed", trials=6, workers=2, storage=postgres, max_epochs=400,
        sampler="random", pruner="none", set="training.patience=400",
    )  # fmt: skip
    victim = None
    deadline = time.monotonic() + 120
    while victim is None and time.monotonic() < deadline:
        time.sleep(0.1)
        running = [
            one for one in trials_in(postgres, "killed")
            if one.state.name == "RUNNING" and len(one.intermediate_values) == 0
            and "values" in one.user_attrs
        ]  # fmt: skip
        alive = {one.pid for one in workers_of(process)}
        for one in running:
            pid = int(one.user_attrs["worker"].split(":")[1])
            if pid in alive:
                os.kill(pid, signal.SIGKILL)
                victim = one
                break
    assert victim is not None
    finish(process, tmp_path)
    trials = trials_in(postgres, "killed")
    assert trials[victim.number].state.name == "FAIL"
    assert "reason" not in trials[victim.number].user_attrs
    again = [one for one in trials if one.params == victim.params and one.state.name == "COMPLETE"]
    assert [one.user_attrs["try"] for one in again] == [2]
    assert len(found(tmp_path, "killed")["trials"]) == 6


@pytest.mark.filterwarnings("ignore:Heartbeat of storage is supposed:UserWarning")
def test_a_silent_worker_of_another_machine_is_noticed_by_its_heartbeat(postgres, monkeypatch):
    from benchmark.search import storage, trials

    monkeypatch.setattr(storage, "HEARTBEAT_SECONDS", 1)
    monkeypatch.setattr(storage, "SILENT_SECONDS", 2)
    study = optuna.create_study(study_name="silent", storage=storage.open_storage(postgres))
    lost = study.ask()
    lost.suggest_float("x", 0, 1)
    lost.set_user_attr(trials.WORKER, "another-machine-1:1:1.00")
    lost.set_user_attr(trials.VALUES, {"x": lost.params["x"]})
    study._storage.record_heartbeat(lost._trial_id)
    trials.retry_killed(study)
    assert study.trials[0].state.name == "RUNNING"  # it may be alive, over there
    time.sleep(4)
    trials.retry_killed(study)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    first, second = study.trials
    study._storage.remove_session()
    study._storage._backend.engine.dispose()
    assert (first.state.name, second.state.name) == ("FAIL", "COMPLETE")
    assert second.params == lost.params


def test_two_machines_may_begin_one_search_at_once(tmp_path, postgres):
    folders = [tmp_path / "one", tmp_path / "two"]
    processes = []
    for folder in folders:
        folder.mkdir()
        processes.append(begin(folder, name="both", trials=10, storage=postgres, sampler="random"))
    for process, folder in zip(processes, folders, strict=True):
        finish(process, folder)
    one, two = (
        [(row["number"], row["rmse"]) for row in found(folder, "both")["trials"]]
        for folder in folders
    )
    assert one == two
    assert len(one) == 10


def test_a_journal_file_serves_several_processes(tmp_path):
    process = begin(
        tmp_path, trials=12, workers=2, storage=f"journal:{tmp_path}/search.log", sampler="random"
    )
    stdout = finish(process, tmp_path)
    trials = found(tmp_path)["trials"]
    assert len(trials) == 12
    assert len({one["cell"] for one in trials}) == 12
    assert f"optuna-dashboard {tmp_path}/search.log" in stdout
