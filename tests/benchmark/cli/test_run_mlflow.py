"""`run`, `report`, `search` and `ui` go on whatever happens to MLflow, and its copy catches up."""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress

import psutil
import pytest

from benchmark.record.store import write_record
from benchmark.tracking.current import is_current
from benchmark.tracking.database import ARTIFACTS, DATABASE, NEW
from benchmark.tracking.store import copies
from tests.benchmark.apart import start_apart
from tests.benchmark.cli.cli import ROOT, mer_here
from tests.benchmark.cli.runs import N_CELLS
from tests.benchmark.search.searching import options, search, write_file
from tests.made_up_records import make_record
from tests.serving import free_port

SECONDS = 240  # a run on a busy machine
SMALL = ("--models", "linear")  # two cells, trained in no time
MANY_KILLS, MANY_STARTS = 60, 20


@pytest.fixture
def start(study, tmp_path):
    """Return what starts a run of the small study in a results folder."""

    def begin(results, *further, log="log"):
        arguments = ["run", *study, "--executor", "inline", "--results", results, *further]
        return start_apart(arguments, tmp_path / log)

    return begin


def cells(results):
    return sorted(copy.tags["mer.cell"] for copy in copies(results, "cell"))


def recorded(results):
    paths = (results / "records").glob("*/*.json")
    return sorted(json.loads(path.read_text())["cell"] for path in paths)


def ends_well(process, log):
    process.join(SECONDS)
    assert process.exitcode == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def together(start, folder, results, n_runs, *further):
    """Run the study several times at the same moment; return what they said."""
    logs = [f"log-{number}" for number in range(n_runs)]
    running = [start(results, *further, log=log) for log in logs]
    for process, log in zip(running, logs, strict=True):
        ends_well(process, folder / log)
    texts = [(folder / log).read_text() for log in logs]
    for log in logs:
        (folder / log).unlink()
    return texts


def catches_up(capfd, results):
    """Let `report` bring the copy up to date, where a run could not wait for another."""
    done = mer_here(capfd, "report", "--results", results)
    assert (done.returncode, done.stderr) == (0, "")
    assert cells(results) == recorded(results)
    assert len(cells(results)) == N_CELLS
    assert is_current(results)


def test_two_runs_at_the_same_moment_end_well_on_a_fresh_and_on_an_old_folder(
    start, tmp_path, capfd
):
    results = tmp_path / "results"
    for further in ((), ("--fresh",)):
        for text in together(start, tmp_path, results, 2, *further):
            assert "MLflow is not up to date" not in text
        assert cells(results) == recorded(results)
    catches_up(capfd, results)


def test_two_searches_at_the_same_moment_copy_every_trial_once(tmp_path):
    write_file(tmp_path)
    results, log = tmp_path / "results", tmp_path / "log"
    storage = f"journal:{tmp_path / 'optuna.log'}"
    arguments = ["search", *options(tmp_path, storage=storage, trials=6)]
    for process in [start_apart(arguments, log) for _ in range(2)]:
        ends_well(process, log)
    ends_well(start_apart(arguments, log), log)  # who ended last knew all
    numbers = sorted(int(copy.tags["mer.trial"]) for copy in copies(results, "trial"))
    (path,) = (results / "searches").glob("*.json")
    assert numbers == [one["number"] for one in json.loads(path.read_text())["trials"]]
    assert len(copies(results, "search")) == 1


def test_a_run_beside_one_that_keeps_the_lock_says_one_line_and_trains(
    study, tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr("benchmark.tracking.writer.LOCK_SECONDS", 0)
    monkeypatch.setattr("benchmark.tracking.writer.Writer.attempt.__defaults__", (0,))
    results = tmp_path / "results"
    results.mkdir()
    holder = "import filelock, sys; lock = filelock.FileLock(sys.argv[1]); lock.acquire();"
    other = subprocess.Popen(
        [sys.executable, "-c", f"{holder} print(flush=True); input()",
         str(results / f"{DATABASE}.lock")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    other.stdout.readline()
    done = mer_here(capfd, "run", *study, "--executor", "inline", "--results", results)
    other.communicate(b"\n")
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "MLflow is not" in line]
    assert len(said) == 1
    assert "Another process is writing MLflow database" in said[0]
    assert len(recorded(results)) == N_CELLS
    catches_up(capfd, results)


def file_of_another(path):
    path.write_text("no database at all, but long enough to be looked at" * 99)


@pytest.mark.parametrize("spoil", [type(ROOT).mkdir, file_of_another])
def test_a_run_ends_as_without_mlflow_where_the_database_is_none(study, tmp_path, capfd, spoil):
    results = tmp_path / "results"
    results.mkdir()
    spoil(results / DATABASE)
    for command in (["run", *study, "--executor", "inline"], ["report"]):
        done = mer_here(capfd, *command, "--results", results)
        assert done.returncode == 0
        assert "RMSE" in done.stdout
        assert sum("MLflow is not up to date" in line for line in done.stderr.splitlines()) == 1
    assert len(recorded(results)) == N_CELLS
    answer = mer_here(capfd, "ui", "--results", results, "--port", free_port())
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"error: MLflow database {results / DATABASE} is ")


def test_a_full_disk_under_mlflow_alone_ends_no_run(start, tmp_path, capfd):
    results = tmp_path / "results"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    process = start(results)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (300_000, limits[1]))  # bytes a file
    ends_well(process, tmp_path / "log")
    said = [line for line in (tmp_path / "log").read_text().splitlines() if "not up to" in line]
    assert len(said) == 1
    assert not (results / NEW).exists()
    catches_up(capfd, results)


def test_lists_of_a_hundred_songs_are_run_and_reported(tmp_path, capfd, real_data):
    results = tmp_path / "results"
    songs = {"development": range(1001, 1101), "evaluation": range(1101, 1151)}
    options = [
        part
        for side, ids in songs.items()
        for part in ("--set", f"deam.{side}={','.join(map(str, ids))}")
    ]
    done = mer_here(
        capfd, "run", "--models", "linear", "--dataset", "deam", "--features", "song_means",
        "--data-root", real_data, "--executor", "inline", *options, "--results", results,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "MLflow is not up to date" not in done.stderr
    names = [path.name for path in results.rglob("*")]
    assert max(map(len, names)) <= 100
    (folder,) = [path for path in (results / ARTIFACTS).iterdir() if path.name != "models"]
    digest = json.loads(next(results.glob("records/*/linear*.json")).read_text())["dataset_digest"]
    assert folder.name == f"deam-{digest[:8]}-song_means"


@pytest.mark.parametrize("name", ["q?x=1 #%41{}"])
def test_a_folder_of_any_name_is_run_searched_and_reported(tmp_path, capfd, users_file, name):
    done = search(capfd, tmp_path, results=tmp_path / "in" / name, trials=2, finalists=1)
    assert done.returncode == 0, done.stderr
    assert "MLflow is not up to date" not in done.stderr
    again = ("--results", tmp_path / "in" / name, "--include", tmp_path / "searched.py")
    assert "not up to date" not in mer_here(capfd, "report", *again).stderr
    (folder,) = (tmp_path / "in").iterdir()
    assert folder.name == name
    assert {"mlflow.db", "optuna.db"} <= {path.name for path in folder.iterdir()}
    assert is_current(folder)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_ui_ends_its_children_with_it(tmp_path, name):
    write_record(tmp_path, make_record(), {})
    (tmp_path / DATABASE).touch()  # as if cut short
    log, number = tmp_path / "log", getattr(signal, name)
    above = start_apart(["ui", "--port", free_port(), "--results", tmp_path], log)
    while len(below := psutil.Process(above.pid).children(recursive=True)) < 2:
        assert above.is_alive(), log.read_text()  # below come MLflow, and its server below it
        time.sleep(0.05)
    os.kill(above.pid, number)
    above.join(60)
    assert above.exitcode == 128 + number
    assert psutil.wait_procs(below, timeout=10)[1] == []
    said = log.read_text()
    assert "copying the records" in said
    assert "Traceback" not in said
    assert is_current(tmp_path)


def wait_for(condition, process, seconds=SECONDS):
    """Wait until something holds or a process has ended."""
    deadline = time.monotonic() + seconds
    while process.is_alive() and not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def size_of(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def killed_while_it_makes_the_database(start, results, log, source):
    """Start a run, stop it at a moment around the making of its database, and end what is left."""
    process = start(results, *SMALL, log=log.name)
    new, path = results / NEW, results / DATABASE
    moments = {
        "the file appears": new.exists,
        "it grows": lambda: size_of(new) > source.randrange(1, 700_000),
        "its journal appears": new.with_name(f"{NEW}-journal").exists,
        "it is renamed": path.exists,
        "the first run is copied": lambda: any((results / ARTIFACTS).glob("*/*")),
    }
    wait_for(moments[source.choice(sorted(moments))], process)
    time.sleep(source.choice((0, 0, 0.01, 0.1, 0.5)))
    with suppress(ProcessLookupError):  # it has just ended
        os.killpg(process.pid, source.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGINT)))
    process.join(SECONDS)
    assert "Traceback" not in log.read_text(), log.read_text()


def kill_many_times(start, folder, n_kills, seed):
    """Kill runs on fresh folders while they make the database; each completes afterwards."""
    source = random.Random(seed)
    for number in range(n_kills):
        results, log = folder / f"results-{number}", folder / f"log-{number}"
        for _ in range(source.choice((1, 1, 2))):
            killed_while_it_makes_the_database(start, results, log, source)
        ends_well(start(results, *SMALL, log=log.name), log)
        assert "MLflow is not up to date" not in log.read_text()
        assert cells(results) == recorded(results)
        with closing(sqlite3.connect(results / DATABASE)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        shutil.rmtree(results)


def test_killed_while_the_database_is_made_it_completes_afterwards(start, tmp_path):
    kill_many_times(start, tmp_path, 2, seed=1)


@pytest.mark.slow
def test_killed_many_times_while_the_database_is_made_it_completes_afterwards(start, tmp_path):
    kill_many_times(start, tmp_path, MANY_KILLS, seed=2)


@pytest.mark.slow
def test_many_runs_at_the_same_moment_end_well(start, tmp_path, capfd):
    source = random.Random(3)
    for number in range(MANY_STARTS // 4):
        results = tmp_path / f"results-{number}"
        for further in ((), ("--fresh",), ()):
            together(start, tmp_path, results, source.choice((2, 3, 4)), *further)
        catches_up(capfd, results)
