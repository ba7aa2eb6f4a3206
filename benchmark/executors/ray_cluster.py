"""Tasks on the nodes of a Ray cluster.

Ray places tasks and notices dead processes and nodes. Trying again, limits, silence and nodes that
do not fit are decided here, so that they mean the same as on one machine: Ray's own retries would
run a task that kills its process four times, and one that fills the memory without end.
"""

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmark.errors import ConfigError, WorkerLost
from benchmark.executors.contract import (
    Done,
    Executor,
    Lost,
    Means,
    Outcome,
    Report,
    Silent,
    Task,
    nothing,
)
from benchmark.executors.limits import SILENT_AFTER, over_memory, over_time
from benchmark.executors.on_node import BEGAN, OVER, REFUSED, Setup, call
from benchmark.executors.ray_connection import connected, this_node
from benchmark.executors.worker import DONE, RAISED

POLL_SECONDS = 0.2
AHEAD = 2  # tasks handed out for each core: one runs, one waits
MOST_ATTEMPTS = {"process": 2, "node": 3}  # of a task whose process, or node, died


@dataclass(eq=False)
class Running:
    """A task that was handed out."""

    task: Task
    ticket: int
    deaths: Counter[str] = field(default_factory=Counter)
    began: float | None = None  # None: it waits for a core
    spoke: float = 0.0
    is_said_silent: bool = False
    ended_because: str = ""  # of a limit


class RayCluster(Executor):
    """Runs tasks on a cluster: that of `address`, of RAY_ADDRESS, or a new one on this machine."""

    shares_disk = False
    is_stopped = False

    def run(
        self,
        tasks: Iterable[Task],
        on_outcome: Callable[[Outcome], object],
        on_event: Report = nothing,
    ) -> None:
        """Run every task; raises `ConfigError` where no node can."""
        with connected(self.means) as ray:
            run = Run(ray, self.means, tasks, on_outcome, on_event)
            try:
                while not self.is_stopped and run.is_going_on():
                    pass
            finally:
                run.end()

    def stop(self) -> None:
        """End all tasks."""
        self.is_stopped = True


class Run:
    """All tasks of one `run`, seen from the machine that hands them out."""

    def __init__(
        self,
        ray: Any,
        means: Means,
        tasks: Iterable[Task],
        on_outcome: Callable[[Outcome], object],
        on_event: Report,
    ) -> None:
        """Say what the cluster is, and refuse one that can never run a task."""
        from ray.util.queue import Queue

        self.ray, self.means, self.tasks = ray, means, iter(tasks)
        self.on_outcome, self.on_event = on_outcome, on_event
        self.again: deque[Running] = deque()
        self.running: dict[Any, Running] = {}  # by Ray's reference
        self.refused: dict[str, str] = {}  # node -> why it runs nothing
        self.n_tickets, self.looked = 0, 0.0
        resources = ray.cluster_resources()
        n_cores, n_gpus = int(resources.get("CPU", 0)), resources.get("GPU", 0)
        means.say(f"Ray: {len(self._alive())} nodes, {n_cores} cores, {n_gpus:g} GPUs")
        if not n_cores:
            raise ConfigError("The Ray cluster has no core. Add a node, or leave --executor out.")
        if means.n_gpus > n_gpus:
            raise ConfigError("The Ray cluster has no GPU. Use --device cpu, or add a node.")
        self.letters = Queue(actor_options={"num_cpus": 0, "scheduling_strategy": this_node(ray)})
        expected = means.facts()
        self.setup = [ray.put(Setup(means.begin, means.facts, expected, os.urandom(8)))]
        self.function = ray.remote(max_retries=0, max_calls=0, num_cpus=1)(call)
        self.slots = n_cores

    def is_going_on(self) -> bool:
        """Hand out, wait a moment, take what ended; tell whether anything is left."""
        self._hand_out()
        if not self.running:
            return False
        if self.refused:
            self._refuse_all_refused()
        ended, _ = self.ray.wait(list(self.running), timeout=POLL_SECONDS)
        if ended:
            ended, _ = self.ray.wait(
                list(self.running), num_returns=len(self.running), timeout=0.001
            )
        for reference in ended:
            self._take(reference)
        if time.monotonic() - self.looked > POLL_SECONDS:
            self.looked = time.monotonic()
            self.slots = int(self.ray.cluster_resources().get("CPU", 0))
            self._read_letters()
            self._watch()
        return True

    def end(self) -> None:
        """End what still runs, whatever it does at the moment."""
        for reference in self.running:
            self.ray.cancel(reference, force=True)

    def _alive(self) -> dict[str, str]:
        """Return the living nodes: id -> host name."""
        nodes = self.ray.nodes()
        return {node["NodeID"]: node["NodeManagerHostname"] for node in nodes if node["Alive"]}

    def _hand_out(self) -> None:
        """Keep every core busy and one task ahead, and no more, so that tasks are made late."""
        most = max(1, min(AHEAD * self.slots, self.means.n_workers))
        while len(self.running) < most:
            if self.again:
                running = self.again.popleft()
            else:
                task = next(self.tasks, None)
                if task is None:
                    return
                self.n_tickets += 1
                running = Running(task, self.n_tickets)
            task = running.task
            options = {"num_gpus": self.means.n_gpus, "scheduling_strategy": "SPREAD"}
            if self.refused:
                options["label_selector"] = {"ray.io/node-id": f"!in({','.join(self.refused)})"}
            memory = self.means.limits.memory_bytes
            arguments = (running.ticket, self.setup, task.function, task.arguments, self.letters)
            reference = self.function.options(**options).remote(*arguments, memory)
            self.running[reference] = running

    def _take(self, reference: Any) -> None:
        """Pass on what became of a task."""
        running = self.running.pop(reference)
        try:
            kind, value = self.ray.get(reference)
        except self.ray.exceptions.RayTaskError as error:  # the call itself could not be made
            text = str(error).strip().splitlines()[-1]
            raise WorkerLost(f"A node could not run a task: {text}.") from error
        except self.ray.exceptions.RayError as error:
            self._mourn(running, error)
            return
        if kind == RAISED:
            raise value
        if kind == REFUSED:
            self._refuse(*value)
            self.again.append(running)
        else:
            assert kind == DONE
            self.on_outcome(Done(running.task, value))

    def _refuse(self, node: str, reason: str) -> None:
        """Leave a node out, and say so once; raises `ConfigError` where none is left."""
        alive = self._alive()
        line = f"node {alive.get(node, node[:8])} is left out: {reason}"
        if node not in self.refused:
            self.means.say(line)
        self.refused[node] = line
        self._refuse_all_refused()

    def _refuse_all_refused(self) -> None:
        """Raise where every node that lives is left out."""
        if set(self._alive()) <= set(self.refused):
            raise ConfigError(f"No node can run this: {'; '.join(self.refused.values())}.")

    def _mourn(self, running: Running, error: Exception) -> None:
        """Run a task again whose process or node died, or give it up."""
        exceptions = self.ray.exceptions
        kind, reason = "process", "was killed"
        if isinstance(error, exceptions.OutOfMemoryError):
            reason = "was ended by Ray's memory monitor: the node's memory was full"
        elif isinstance(error, (exceptions.NodeDiedError, exceptions.ObjectLostError)):
            kind, reason = "node", "was lost with its node"
        running.deaths[kind] += 1
        count = running.deaths[kind]
        seconds = time.monotonic() - (running.began or time.monotonic())
        if running.ended_because:
            self.on_outcome(Lost(running.task, running.ended_because, seconds))
        elif count < MOST_ATTEMPTS[kind]:
            running.began = None
            self.again.append(running)
        else:
            times = "twice" if count == MOST_ATTEMPTS["process"] else f"{count} times"
            self.on_outcome(Lost(running.task, f"{reason}, {times}", seconds))

    def _read_letters(self) -> None:
        """Read what tasks have reported since."""
        by_ticket = {running.ticket: running for running in self.running.values()}
        try:
            letters = self.letters.get_nowait_batch(self.letters.qsize())
        except self.ray.exceptions.RayError:  # of a queue that is busy; events are no outcomes
            return
        for ticket, kind, value in letters:
            running = by_ticket.get(ticket)
            if running is None:
                continue  # it has ended
            running.spoke, running.is_said_silent = time.monotonic(), False
            if kind == BEGAN:
                running.began = running.spoke
            elif kind == OVER:
                running.ended_because = over_memory(value, self.means.limits)
            else:
                self.on_event(value)

    def _watch(self) -> None:
        """End tasks that are over a limit, and say which are silent."""
        now = time.monotonic()
        for reference, running in self.running.items():
            if running.began is None:
                continue
            if not running.ended_because:
                running.ended_because = over_time(now - running.began, self.means.limits)
            if running.ended_because:
                self.ray.cancel(reference, force=True)
            seconds = running.task.seconds
            if seconds is not None and not running.is_said_silent:
                factor, grace = SILENT_AFTER
                if now - running.spoke > factor * seconds + grace:
                    running.is_said_silent = True
                    self.on_event(Silent(running.task, now - running.spoke))
