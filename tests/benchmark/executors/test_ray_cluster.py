"""Tasks on a Ray cluster of simulated nodes: real processes, real SIGKILL, one machine.

Needs the extra [ray]. The cluster starts in seconds, so what needs one is slow.
"""

import os
import signal
import subprocess
import sys
import time
from threading import Thread

import pytest

from benchmark.errors import ConfigError
from benchmark.executors import on_node
from benchmark.executors.contract import Done, Limits, Lost, Means, Silent, Task
from tests.benchmark.executors.tasks import (
    die,
    die_once,
    fail_on_odd_node,
    fill,
    leave_mark,
    node_facts,
    raise_odd,
    refuse,
    sleep,
    square,
)  # fmt: skip

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'mer-benchmark[ray]'")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray's own sockets and processes
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def cluster():
    """Return a cluster of one node with one core, to which tests add nodes."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "env_vars": {"NODE": "head"}},
    )
    yield cluster
    cluster.shutdown()


@pytest.fixture
def node(cluster):
    """Return what adds a node with a core and a name, which leaves after the test."""
    added = []

    def add(name, **variables):
        added.append(cluster.add_node(num_cpus=1, env_vars={"NODE": name, **variables}))
        return added[-1]

    yield add
    for each in added:
        if each in cluster.list_all_nodes():
            cluster.remove_node(each)


@pytest.fixture
def executor(cluster):
    """Return what makes an executor on the cluster."""
    from benchmark.executors.ray_cluster import RayCluster

    return lambda **means: RayCluster(Means(n_workers=99, address=cluster.address, **means))


def outcomes_of(executor, tasks):
    found, events = [], []
    with executor:
        executor.run(tasks, found.append, events.append)
    return found, events


def test_every_task_runs_once_and_events_arrive(executor):
    lines = []
    tasks = [Task(square, (number,)) for number in range(7)]
    found, events = outcomes_of(executor(say=lines.append), iter(tasks))
    assert sorted(outcome.value for outcome in found) == [0, 1, 4, 9, 16, 25, 36]
    assert lines == ["Ray: 1 nodes, 1 cores, 0 GPUs"]
    assert set(events) <= {f"squaring {number}" for number in range(7)}  # the last may be late


def test_tasks_are_made_late(executor):
    made, ahead = [], []

    def tasks():
        for number in range(9):
            made.append(number)
            yield Task(sleep, (0.2 * min(number, 1),))

    with executor() as running:
        running.run(tasks(), lambda outcome: ahead.append(len(made)))
    assert ahead[0] <= 4


def test_a_killed_worker_s_task_is_done_at_the_second_try(executor, tmp_path):
    (done,), _ = outcomes_of(executor(), [Task(die_once, (tmp_path / "mark",))])
    assert done.value == "alive"


def test_a_task_that_always_kills_its_process_is_lost_and_the_others_are_done(executor):
    tasks = [Task(die, (signal.SIGKILL,)), *(Task(square, (number,)) for number in (2, 3))]
    found, _ = outcomes_of(executor(), tasks)
    assert [one.reason for one in found if isinstance(one, Lost)] == ["was killed, twice"]
    assert sorted(one.value for one in found if isinstance(one, Done)) == [4, 9]


def test_what_a_task_raises_is_raised_and_an_unpicklable_error_keeps_its_text(executor):
    with pytest.raises(ConfigError, match="expected 2"):
        outcomes_of(executor(), [Task(refuse)])
    with pytest.raises(RuntimeError, match="OddError: this and that"):
        outcomes_of(executor(), [Task(raise_odd)])


def test_a_task_over_its_time_limit_is_ended_even_in_a_call_of_c(executor):
    begun = time.monotonic()
    tasks = [Task(sleep, (300,)), Task(square, (2,))]
    found, _ = outcomes_of(executor(limits=Limits(seconds=2.0)), tasks)
    reasons = [one.reason for one in found if isinstance(one, Lost)]
    assert reasons == ["was ended at its time limit of 2 s"]
    assert len(found) == 2
    assert time.monotonic() - begun < 60


def test_a_task_over_its_memory_limit_is_ended_and_the_limit_is_named(executor):
    limits = Limits(memory_bytes=1_000_000_000)
    (lost,), _ = outcomes_of(executor(limits=limits), [Task(fill, (2_000_000_000,))])
    assert "of memory, its limit being 1.00 GB" in lost.reason


def test_a_silent_task_is_said_once(executor, monkeypatch):
    from benchmark.executors import ray_cluster

    monkeypatch.setattr(ray_cluster, "SILENT_AFTER", (3.0, 0.1))
    _, events = outcomes_of(executor(), [Task(sleep, (3,), seconds=0.1)])
    assert len([event for event in events if isinstance(event, Silent)]) == 1


def test_a_cluster_without_a_gpu_says_so_at_once(executor):
    begun = time.monotonic()
    with pytest.raises(ConfigError, match="has no GPU"):
        outcomes_of(executor(n_gpus=0.25), [Task(square, (1,))])
    assert time.monotonic() - begun < 10


def test_an_address_where_nobody_answers_is_refused_in_one_line():
    from benchmark.executors.ray_cluster import RayCluster

    with pytest.raises(ConfigError, match="No Ray cluster answers at 127"):
        outcomes_of(RayCluster(Means(address="127.0.0.1:1")), [Task(square, (1,))])


@pytest.mark.parametrize(
    ("variables", "means", "reason"),
    [
        ({"VERSION": "2"}, {"facts": node_facts}, "version 2 instead of 1"),
        ({}, {"begin": fail_on_odd_node}, "mine.py needs a package that is missing"),
    ],
)
def test_a_node_that_does_not_fit_is_left_out_by_name(executor, node, variables, means, reason):
    node("odd", **variables)
    lines = []
    tasks = [Task(sleep, (0.3,)) for _ in range(6)]
    found, _ = outcomes_of(executor(say=lines.append, **means), tasks)
    assert {outcome.value for outcome in found} == {"head"}
    (line,) = [line for line in lines if "left out" in line]
    assert line.endswith(f"is left out: {reason}")


def test_where_no_node_fits_nothing_runs(executor, monkeypatch):
    monkeypatch.setenv("VERSION", "here")
    with pytest.raises(ConfigError, match=r"No node can run this: .*version 1 instead of here"):
        outcomes_of(executor(facts=node_facts), [Task(square, (1,))])


def test_tasks_of_a_node_that_vanishes_run_elsewhere(executor, node, cluster, tmp_path):
    lost = node("lost")
    tasks = [Task(leave_mark, (tmp_path, 4)) for _ in range(2)]
    found = []
    running = Thread(target=lambda: found.extend(outcomes_of(executor(), tasks)[0]))
    running.start()
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("lost-*")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    cluster.remove_node(lost, allow_graceful=False)
    running.join(120)
    assert [outcome.value for outcome in found] == ["head", "head"]


def test_a_node_that_joins_is_used(executor, node):
    found = []
    tasks = [Task(sleep, (1.5,)) for _ in range(8)]
    running = Thread(target=lambda: found.extend(outcomes_of(executor(), tasks)[0]))
    running.start()
    time.sleep(4)
    node("late")
    running.join(120)
    assert {outcome.value for outcome in found} == {"head", "late"}


def test_ctrl_c_ends_a_run_within_seconds_whatever_its_tasks_do(cluster, tmp_path):
    code = f"""
import signal
from pathlib import Path
from benchmark.executors.contract import Means, Task
from benchmark.executors.ray_cluster import RayCluster
from tests.benchmark.executors.tasks import leave_mark
signal.signal(signal.SIGINT, signal.default_int_handler)
with RayCluster(Means(n_workers=9, address={cluster.address!r})) as executor:
    executor.run([Task(leave_mark, (Path({str(tmp_path)!r}), 300))], print)
"""
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert time.monotonic() - pressed < 5


def test_events_of_one_task_are_sent_seldom():
    sent = []
    report = on_node._seldom(lambda kind, value: sent.append(value))
    for number in range(1000):
        report(number)
    assert sent == [0]
