"""A run that is killed, interrupted or loses a worker: nothing recorded is lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmark.record.store import read_records
from tests.benchmark.apart import start_apart
from tests.benchmark.cli.cli import ROOT, clean, mer_here, mer_once
from tests.benchmark.cli.runs import N_CELLS, STUDY, outcomes
from tests.conftest import USERS_FILE

LONG = ("--set", "training.max_epochs=40")
STOPPED = "Stopped. What is recorded stays; run the same command to go on."


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Return the options of a study."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "mine.py").write_text(USERS_FILE)
    (folder / "mine_study.yaml").write_text(STUDY)
    return ["--study", folder / "mine_study.yaml", "--include", folder / "mine.py"]


@pytest.fixture(scope="module")
def whole(options, tmp_path_factory):
    """Return what a run leaves that nothing disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    done = mer_once("run", *options, *LONG, "--executor", "inline", "--results", folder)
    assert done.returncode == 0, done.stderr
    return outcomes(folder)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_killed_in_the_middle_ends_with_the_same_records(
    options, whole, tmp_path, capfd, workers
):
    killed, options = tmp_path / "killed", [*options, *LONG, "--workers", workers]
    for n_wanted in (1, 4):
        process = start(options, killed, n_wanted)
        process.kill()
        process.join()
        assert len(list(killed.glob("records/*/*.json"))) < N_CELLS
    answer = mer_here(capfd, "run", *options, "--results", killed)
    assert answer.returncode == 0, answer.stderr
    assert outcomes(killed) == whole


def workers_of(pid):
    """Return the ids of a run's worker processes."""
    children = psutil.Process(pid).children()
    servers = [child for child in children if "forkserver" in str(child.cmdline())]
    spawned = [child for child in children if "spawn_main" in str(child.cmdline())]
    workers = spawned + [worker for server in servers for worker in server.children()]
    assert len(workers) == 2
    return [worker.pid for worker in workers]


def hear_ctrl_c():
    """Hear Ctrl-C, which the tests ignore where a shell started them in its background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(options, results, n_records=1):
    """Start a run in a process group of its own and wait for its first records."""
    folder = results.parent
    process = start_apart(
        ["run", *options, "--results", results], folder / "stdout", folder / "stderr"
    )
    while process.is_alive() and len(list(results.glob("records/*/*.json"))) < n_records:
        time.sleep(0.01)
    return process


def ended(process, folder, seconds=60):
    """Wait for the end of a run; return its exit code and what it wrote to stderr."""
    process.join(seconds)
    return process.exitcode, (folder / "stderr").read_text()


def still_run(processes, seconds=1.0):
    """Return which processes outlive their run; where nobody reaps them, zombies stay."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]


def test_ctrl_c_stops_with_one_sentence_and_leaves_no_process(options, tmp_path):
    process = start([*options, *LONG, "--workers", 2], tmp_path / "r")
    workers = workers_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    code, stderr = ended(process, tmp_path)
    assert code == 130
    assert stderr.strip().endswith("run the same command to go on.")
    assert "Traceback" not in stderr
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_term_stops_a_run_as_ctrl_c_does(options, tmp_path, workers):
    process = start([*options, *LONG, "--workers", workers], tmp_path / "r")
    children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    code, stderr = ended(process, tmp_path)
    assert code == 128 + signal.SIGTERM
    assert stderr.splitlines()[-1] == STOPPED
    assert "Traceback" not in stderr
    assert still_run(children) == []


def begins(pid):
    """Return whether a run is at its start: its fork server is there and imports torch."""
    children = psutil.Process(pid).children()
    return any("forkserver" in str(child.cmdline()) for child in children)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no fork server")
@pytest.mark.parametrize(
    ("seconds", "number"),
    [(0.0, signal.SIGINT), (0.5, signal.SIGTERM), (1.0, signal.SIGINT), (2.5, signal.SIGINT)],
)
def test_a_run_stopped_at_its_start_says_so_and_leaves_no_process(tmp_path, seconds, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark", "run", "--workers", "2", "--results", tmp_path / "r"],
        cwd=ROOT, env=clean({}), stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    while not begins(process.pid):
        time.sleep(0.01)
    time.sleep(seconds)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert stderr.splitlines()[-1] == STOPPED
    assert "Traceback" not in stderr
    assert still_run(children) == []


def test_a_worker_that_is_killed_is_replaced_and_its_cell_trained_again(options, tmp_path):
    shorter = ("--set", "training.max_epochs=10", "--workers", 2)
    process = start([*options, *shorter], tmp_path / "r")
    for pid in workers_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    code, stderr = ended(process, tmp_path, 120)
    assert code == 0
    assert "Traceback" not in stderr
    assert {record.status for record in read_records(tmp_path / "r")} == {"done"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_stopped_at_its_start_says_so_too(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark", "search", "--results", tmp_path / "r"],
        cwd=ROOT, env=clean({}), stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    while not (tmp_path / "r").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    last = "Stopped. Finished trials stay; run the same command to go on."
    assert stderr.splitlines()[-1] == last
    assert "Traceback" not in stderr
