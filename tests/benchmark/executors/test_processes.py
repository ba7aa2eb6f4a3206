"""Tasks in processes that are killed, hang or fill the memory: the others go on."""

import operator
import os
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from threading import Thread, Timer

import psutil
import pytest

from benchmark.errors import ConfigError, WorkerLost
from benchmark.executors import processes as module
from benchmark.executors.contract import Done, Limits, Lost, Means, Silent, Task
from benchmark.executors.processes import Processes
from benchmark.executors.registry import make_executor
from benchmark.executors.starting import METHOD
from tests.benchmark.executors.tasks import (
    die,
    die_once,
    fill,
    raise_odd,
    refuse,
    refuse_to_begin,
    sleep,
    square,
)  # fmt: skip


def alone(**means):
    """Return an executor of one process."""
    return Processes(Means(**means))


def outcomes_of(executor, tasks):
    found, events = [], []
    with executor:
        executor.run(tasks, found.append, events.append)
    return found, events


@pytest.mark.parametrize("kind", ["inline", "processes"])
def test_every_executor_runs_every_task_once_and_passes_events_on(kind):
    tasks = [Task(square, (number,)) for number in range(7)]
    found, events = outcomes_of(make_executor(kind, Means(n_workers=2)), iter(tasks))
    assert sorted(outcome.value for outcome in found) == [0, 1, 4, 9, 16, 25, 36]
    assert sorted(events) == [f"squaring {number}" for number in range(7)]


@pytest.mark.parametrize("kind", ["inline", "processes"])
def test_every_executor_takes_tasks_late(kind):
    made = []

    def tasks():
        for number in range(6):
            made.append(number)
            yield Task(sleep, (0.3 * min(number, 1),))

    ahead = []
    with make_executor(kind, Means(n_workers=2)) as executor:
        executor.run(tasks(), lambda outcome: ahead.append(len(made)))
    assert ahead[0] <= 4  # two in hand, two in their place


@pytest.mark.parametrize("kind", ["inline", "processes"])
def test_what_a_task_raises_is_raised_and_ends_the_others(kind):
    with (
        pytest.raises(ConfigError, match="expected 2"),
        make_executor(kind, Means(n_workers=2)) as executor,
    ):
        executor.run([Task(refuse), Task(sleep, (60 if kind == "processes" else 0,))], print)


@pytest.mark.parametrize("kind", ["inline", "processes"])
def test_what_a_callback_raises_is_raised(kind):
    with pytest.raises(ZeroDivisionError), make_executor(kind, Means(n_workers=1)) as executor:
        executor.run([Task(square, (0,))], lambda outcome: 1 / outcome.value)


def test_a_task_that_kills_its_process_is_lost_after_a_second_try_and_others_are_done():
    tasks = [Task(die, (signal.SIGSEGV,)), *(Task(square, (number,)) for number in (2, 3))]
    found, _ = outcomes_of(alone(), tasks)
    lost = [outcome for outcome in found if isinstance(outcome, Lost)]
    assert [outcome.reason for outcome in lost] == ["was killed by SIGSEGV, twice"]
    assert lost[0].task is tasks[0]
    assert sorted(outcome.value for outcome in found if isinstance(outcome, Done)) == [4, 9]


def test_a_process_that_exits_says_its_code():
    (lost,), _ = outcomes_of(alone(), [Task(die, (77,))])
    assert lost.reason == "ended with exit code 77, twice"


def test_a_task_whose_process_was_killed_once_is_done_at_the_second_try(tmp_path):
    (done,), _ = outcomes_of(alone(), [Task(die_once, (tmp_path / "mark",))])
    assert done.value == "alive"


def test_a_task_over_its_time_limit_is_ended_and_not_tried_again():
    means = Means(n_workers=2, limits=Limits(seconds=1.0))
    begun = time.monotonic()
    found, _ = outcomes_of(
        Processes(means),
        [Task(sleep, (60,)), Task(square, (2,))],
    )
    reasons = {outcome.reason for outcome in found if isinstance(outcome, Lost)}
    assert reasons == {"was ended at its time limit of 1 s"}
    assert len(found) == 2
    assert time.monotonic() - begun < 30


def test_a_task_over_its_memory_limit_is_ended():
    limits = Limits(memory_bytes=1_500_000_000)
    (lost,), _ = outcomes_of(alone(limits=limits), [Task(fill, (2_000_000_000,))])
    assert "of memory, its limit being 1.50 GB" in lost.reason


def test_a_silent_task_is_said_once(monkeypatch):
    monkeypatch.setattr(module, "SILENT_AFTER", (3.0, 0.1))
    monkeypatch.setattr(module, "POLL_SECONDS", 0.1)
    tasks = [Task(sleep, (1.5,), seconds=0.1)]
    _, events = outcomes_of(alone(), tasks)
    (event,) = events
    assert isinstance(event, Silent)
    assert event.task is tasks[0]
    assert event.seconds > 3 * 0.1 + 0.1


def test_an_error_that_does_not_pickle_keeps_its_text():
    with (
        pytest.raises(RuntimeError, match="OddError: this and that"),
        alone() as executor,
    ):
        executor.run([Task(raise_odd)], print)


def test_stop_from_another_thread_ends_tasks_soon():
    executor = alone()
    running = Thread(target=executor.run, args=([Task(sleep, (60,))], print))
    running.start()
    time.sleep(0.5)
    executor.stop()
    running.join(10)
    assert not running.is_alive()
    assert not workers()


def test_values_come_as_they_end_and_a_killed_process_is_said():
    seen = []
    with Processes(Means(n_workers=2)) as executor:
        values = executor.values(operator.add, [(1, 2), (3, 4)], seen.append)
    assert sorted(values) == [3, 7]
    assert seen == values
    with (
        pytest.raises(WorkerLost, match="exit code 9, twice"),
        alone() as executor,
    ):
        executor.values(os._exit, [(9,)])


def test_begin_comes_first_in_every_process_and_its_error_is_raised():
    with (
        alone(begin=refuse_to_begin) as executor,
        pytest.raises(ConfigError, match="begin"),
    ):
        executor.run([Task(square, (1,))], print)


def workers() -> list[psutil.Process]:
    """Return the processes below the fork server."""
    every = psutil.Process().children(recursive=True)
    return [child for child in every if child.ppid() != os.getpid()]


@pytest.fixture
def server(monkeypatch):
    """Return a function that finds a fork server of the test's own, which has imported nothing."""
    own = forkserver.ForkServer()
    for name in ("ensure_running", "connect_to_new_process"):
        monkeypatch.setattr(forkserver, name, getattr(own, name))
    yield lambda: psutil.Process(own._forkserver_pid)
    psutil.Process(own._forkserver_pid).kill()


@pytest.mark.skipif(METHOD != "forkserver", reason="there is a fork server on Linux alone")
def test_a_fork_server_that_is_killed_while_it_forks_is_said(server):
    with alone() as executor:
        executor.values(os.getpid, [()])
    server().suspend()
    Timer(0.2, server().kill).start()
    with pytest.raises(WorkerLost, match="killed"), alone() as executor:
        executor.values(os.getpid, [()])
    with alone() as executor:  # and the next command starts another
        assert executor.values(os.getpid, [()]) != [os.getpid()]


def test_workers_end_with_a_parent_that_is_killed():
    code = """
import os
from benchmark.executors.contract import Task
from benchmark.executors.contract import Means
from benchmark.executors.processes import Processes
from tests.benchmark.executors.tasks import sleep
print(os.getpid(), flush=True)
Processes(Means()).run([Task(sleep, (60,))], print)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        deadline = time.monotonic() + 30
        while not (below := psutil.Process(parent.pid).children(recursive=True)[2:]):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        parent.kill()
    _, alive = psutil.wait_procs(below, timeout=10)
    assert not alive
