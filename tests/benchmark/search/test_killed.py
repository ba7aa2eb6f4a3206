"""A search that is killed at random moments ends as one that was left alone."""

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

from tests.benchmark.apart import start_apart
from tests.benchmark.search.searching import NAME, found, options, states, write_file

TRIALS_PER_KILL = 3
many_times = pytest.mark.parametrize("n_kills", [4, pytest.param(20, marks=pytest.mark.slow)])


def begin(arguments, folder):
    return start_apart(arguments, folder / "log", is_left=False)


def said_by(process, folder):
    """Return what a process wrote last, with its stack if it still lives."""
    if process.is_alive():
        os.kill(process.pid, signal.SIGUSR1)
        time.sleep(1)
    return (folder / "log").read_text()[-4000:]


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


@many_times
def test_killed_many_times_it_ends_with_the_asked_trials_and_nothing_twice(tmp_path, n_kills):
    write_file(tmp_path)
    total = TRIALS_PER_KILL * n_kills
    arguments = ["search", *options(tmp_path, trials=total, sampler="random", pruner="none")]
    source = random.Random(1)
    n_killed = 0
    while n_killed < n_kills:
        process = begin(arguments, tmp_path)
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
    process = begin(arguments, tmp_path)
    process.join(120)
    assert process.exitcode == 0, said_by(process, tmp_path)
    assert n_killed == n_kills

    trials = found(tmp_path)["trials"]
    assert len(trials) == total
    cells = [one["cell"] for one in trials]
    assert len(set(cells)) == total
    assert "RUNNING" not in states(tmp_path)
    assert {one["state"] for one in trials} == {"done"}
    best = min(trials, key=lambda one: one["rmse"])
    assert retrained(tmp_path, best) == best["rmse"]


def retrained(folder, trial):
    """Train a trial's configuration once more, elsewhere, through `run`'s own way."""
    from benchmark.run.execute import Job, execute
    from benchmark.run.loading import load_split
    from benchmark.run.plugins import include_plugins
    from benchmark.search.spec import SearchConfig, checked_search
    from datasets.registry import DATASETS
    from models.registry import MODELS

    before = dict(MODELS), dict(DATASETS)
    try:
        include_plugins([folder / "searched.py"])
        search = checked_search(
            SearchConfig(model="narrow", dataset="tiny", folds=2, set={"training.max_epochs": 3})
        )
        split = load_split("tiny", {}, search.features, None)
        cell = search.for_songs(split).cell(trial["values"], split.digest())
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


def press_ctrl_c(process, folder):
    os.kill(process.pid, signal.SIGINT)
    process.join(60)
    assert process.exitcode == 130, said_by(process, folder)


def test_ctrl_c_queues_the_trial_under_way(tmp_path):
    write_file(tmp_path)
    endless = {"max_epochs": 1_000_000, "set": "training.patience=1000000"}
    process = begin(["search", *options(tmp_path, trials=2, **endless)], tmp_path)
    wait_for_trials(tmp_path, process, 1)
    time.sleep(0.5)
    press_ctrl_c(process, tmp_path)
    interrupted, waiting = stored(tmp_path).trials
    assert interrupted.state.name == "FAIL"
    assert waiting.state.name == "WAITING"
    assert waiting.system_attrs["fixed_params"] == interrupted.params


@many_times
def test_ctrl_c_at_any_moment_ends_the_search_and_loses_nothing(tmp_path, n_kills):
    write_file(tmp_path)
    total = TRIALS_PER_KILL * n_kills
    arguments = ["search", *options(tmp_path, trials=total, sampler="random", pruner="none")]
    source = random.Random(2)
    n_done = 0
    for _ in range(n_kills):
        process = begin(arguments, tmp_path)
        wait_for_trials(tmp_path, process, n_trials(tmp_path) + 1)
        time.sleep(source.uniform(0, 0.3))
        if not process.is_alive():
            break
        press_ctrl_c(process, tmp_path)
        n_done, n_before = states(tmp_path).count("COMPLETE"), n_done
        assert n_done >= n_before
        assert "RUNNING" not in states(tmp_path)
    process = begin(arguments, tmp_path)
    process.join(120)
    assert process.exitcode == 0, said_by(process, tmp_path)
    cells = [one["cell"] for one in found(tmp_path)["trials"] if one["state"] == "done"]
    assert len(cells) == len(set(cells)) == total
    trials = stored(tmp_path).trials
    finished = [one.params for one in trials if one.state.name == "COMPLETE"]
    interrupted = [one.params for one in trials if one.state.name == "FAIL" and one.params]
    assert all(params in finished for params in interrupted)


def test_a_second_process_on_sqlite_is_refused_while_the_first_lives(tmp_path, capfd):
    from tests.benchmark.cli.cli import mer_here

    write_file(tmp_path)
    arguments = ["search", *options(tmp_path, trials=100_000, max_epochs=2000, pruner="none")]
    process = begin(arguments, tmp_path)
    try:
        wait_for_trials(tmp_path, process, 2)
        # were it not refused, this one would end at once
        answer = mer_here(
            capfd, "search", *options(tmp_path, trials=1, max_epochs=2000, pruner="none")
        )
        time.sleep(0.5)
        assert process.is_alive(), said_by(process, tmp_path)
    finally:
        process.kill()
        process.join()
    assert answer.returncode == 2
    assert "Another process is searching in" in answer.stderr
    assert states(tmp_path).count("RUNNING") <= 1


def test_what_is_killed_again_and_again_has_failed(tmp_path, monkeypatch):
    from benchmark.search import trials

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
    from benchmark.search import trials

    study = optuna.create_study()
    for worker in (trials.this_worker(), "another-machine-1:1:1.00"):
        trial = study.ask()
        trial.set_user_attr(trials.WORKER, worker)
    assert trials.retry_killed(study) == 0
    assert [one.state.name for one in study.trials] == ["RUNNING"] * 2


def test_a_process_that_is_dead_but_not_yet_reaped_counts_as_dead():
    from benchmark.search import trials

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
