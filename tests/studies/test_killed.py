"""A search that is killed at random moments ends as one that was left alone."""

import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import optuna
import psutil
import pytest

from tests.studies.searching import NAME, found, options, states, write_file

N_KILLS = int(os.environ.get("MER_KILLS", "8"))  # 20 take a minute and a half
N_TRIALS = 3 * N_KILLS
PRELOADED = ["torch", "optuna", "mlflow", "seaborn", "scipy", "benchmark.cli", "studies.conductor"]


def search_apart(arguments):
    """Run the command line in a process of its own, silently."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    sys.argv = ["mer-benchmark", *map(str, arguments)]
    from benchmark.cli import main

    main()


@pytest.fixture(scope="module")
def processes():
    """Return processes that begin with everything heavy imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def begin(processes, arguments):
    process = processes.Process(target=search_apart, args=(arguments,))
    process.start()
    return process


def n_trials(folder):
    """Return how many trials the storage knows; 0 before there is one."""
    path = folder / "results" / "optuna.db"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=30)) as database:
        try:
            return database.execute("select count(*) from trials").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def wait_for_trials(folder, process, number):
    deadline = time.monotonic() + 90
    while n_trials(folder) < number:
        assert process.is_alive() and time.monotonic() < deadline
        time.sleep(0.05)


def test_killed_many_times_it_ends_with_the_asked_trials_and_nothing_twice(
    tmp_path, processes, monkeypatch
):
    write_file(tmp_path)
    arguments = ["search", *options(tmp_path, trials=N_TRIALS, sampler="random", pruner="none")]
    source = random.Random(1)
    n_killed = 0
    while n_killed < N_KILLS:
        process = begin(processes, arguments)
        # a first or a second trial begins, in turn, or all would be killed in their first
        awaited = n_trials(tmp_path) + 1 + n_killed % 2
        deadline = time.monotonic() + 60
        while n_trials(tmp_path) < awaited and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(source.uniform(0, 0.4))  # and then anything may happen
        if not process.is_alive():
            break
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        n_killed += 1
    process = begin(processes, arguments)
    process.join(120)
    assert process.exitcode == 0
    assert n_killed == N_KILLS

    trials = found(tmp_path)["trials"]
    assert len(trials) == N_TRIALS
    cells = [one["cell"] for one in trials]
    assert len(set(cells)) == N_TRIALS
    assert "RUNNING" not in states(tmp_path)
    assert {one["state"] for one in trials} == {"done"}
    best = min(trials, key=lambda one: one["rmse"])
    assert retrained(tmp_path, best) == best["rmse"]


def retrained(folder, trial):
    """Train a trial's configuration once more, elsewhere, through `run`'s own way."""
    from benchmark.execute import Job, execute
    from benchmark.plugins import include_plugins
    from datasets.registry import DATASETS
    from models.registry import MODELS
    from studies.spec import SearchConfig, checked_search

    before = dict(MODELS), dict(DATASETS)
    try:
        include_plugins([folder / "searched.py"])
        search = checked_search(
            SearchConfig(model="narrow", dataset="tiny", folds=2, set={"training.max_epochs": 3})
        )
        digest = found(folder)["identity"]["dataset digest"]
        cell = search.cell(trial["values"], digest)
        assert cell.key == trial["cell"]
        record = execute(Job(cell, folder / "elsewhere", None, "cpu"), lambda *_: None)
        return record.scores["rmse_average"]
    finally:
        for table, rows in zip((MODELS, DATASETS), before, strict=True):
            table.clear()
            table.update(rows)


def stored(folder):
    """Return the study as Optuna sees it."""
    return optuna.load_study(study_name=NAME, storage=f"sqlite:///{folder}/results/optuna.db")


def test_ctrl_c_keeps_finished_trials_and_queues_the_one_under_way(tmp_path, processes):
    write_file(tmp_path)
    arguments = ["search", *options(tmp_path, trials=100_000, max_epochs=2000, pruner="none")]
    process = begin(processes, arguments)
    wait_for_trials(tmp_path, process, 2)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    process.join(60)
    assert process.exitcode == 130
    trials = stored(tmp_path).trials
    interrupted = [one for one in trials if one.state.name == "FAIL"]
    waiting = [one for one in trials if one.state.name == "WAITING"]
    assert len(interrupted) == 1
    assert [one.system_attrs["fixed_params"] for one in waiting] == [interrupted[0].params]


def test_a_second_process_on_sqlite_is_refused_while_the_first_lives(tmp_path, processes, capfd):
    from tests.benchmark.cli.cli import mer_here

    write_file(tmp_path)
    arguments = ["search", *options(tmp_path, trials=100_000, max_epochs=2000, pruner="none")]
    process = begin(processes, arguments)
    try:
        wait_for_trials(tmp_path, process, 2)
        answer = mer_here(capfd, *arguments)
    finally:
        process.kill()
        process.join()
    assert answer.returncode == 2
    assert "Another process is searching in" in answer.stderr
    assert states(tmp_path).count("RUNNING") <= 1


def test_what_is_killed_again_and_again_has_failed(tmp_path, monkeypatch):
    from studies import trials

    study = optuna.create_study()
    study.set_user_attr("x", 1)
    for attempt in range(1, trials.MAX_TRIES + 1):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr(trials.WORKER, f"{trials._this_machine()}:{2**22 + 5}:1.00")
        trial.set_user_attr(trials.VALUES, {"x": trial.params["x"]})
        assert trials.retry_killed(study) == 1
        assert study.trials[trial.number].user_attrs.get(trials.TRY, 1) == attempt
    last = study.trials[-1]
    assert last.number == trials.MAX_TRIES - 1  # nothing was queued any more
    assert "killed 6 times" in last.user_attrs[trials.REASON]
    assert trials.is_finished(last)
    assert len({one.params["x"] for one in study.trials}) == 1


def test_a_trial_of_a_living_process_or_another_machine_is_left_alone():
    from studies import trials

    study = optuna.create_study()
    for worker in (trials.this_worker(), "another-machine-1:1:1.00"):
        trial = study.ask()
        trial.set_user_attr(trials.WORKER, worker)
    assert trials.retry_killed(study) == 0
    assert [one.state.name for one in study.trials] == ["RUNNING"] * 2


def test_a_process_that_is_dead_but_not_yet_reaped_counts_as_dead():
    from studies import trials

    child = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(child.pid).create_time()
    study = optuna.create_study()
    trial = study.ask()
    trial.set_user_attr(trials.WORKER, f"{trials._this_machine()}:{child.pid}:{started:.2f}")
    deadline = time.monotonic() + 30
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert trials.retry_killed(study) == 1
    child.wait()
