"""Tasks shared among processes of this machine, each of which may die without harm to the others.

A thread hands out tasks and reads answers, so that workers are never kept waiting by what the
caller does with an outcome.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from queue import SimpleQueue
from typing import Any

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
from benchmark.executors.limits import SILENT_AFTER, memory_bytes, over_memory, over_time
from benchmark.executors.worker import DONE, RAISED, Worker

POLL_SECONDS = 0.5  # between looks at limits
MOST_ATTEMPTS = 2


@dataclass(frozen=True)
class Raised:
    """What a task raised, or the handing out of tasks."""

    error: BaseException


@dataclass(frozen=True)
class Event:
    """What a task reported."""

    value: Any


class Processes(Executor):
    """Runs tasks in up to `n_workers` processes, which are started as there is work for them."""

    crew: "Crew | None" = None

    def run(
        self,
        tasks: Iterable[Task],
        on_outcome: Callable[[Outcome], object],
        on_event: Report = nothing,
    ) -> None:
        """Run every task; raises `WorkerLost` if no process can be started any more."""
        crew = self.crew = Crew(self.means, tasks)
        thread = threading.Thread(target=crew.work, name="executor")
        thread.start()
        try:
            while (happening := crew.happenings.get()) is not None:
                if isinstance(happening, Raised):
                    raise happening.error
                if isinstance(happening, Event):
                    on_event(happening.value)
                else:
                    on_outcome(happening)
        finally:
            crew.stop()
            thread.join()

    def stop(self) -> None:
        """End all tasks."""
        if self.crew is not None:
            self.crew.stop()


class Crew:
    """The workers of one `run`; everything but `stop` happens in one thread."""

    def __init__(self, means: Means, tasks: Iterable[Task]) -> None:
        """Start nothing yet."""
        self.means, self.tasks = means, iter(tasks)
        self.happenings: SimpleQueue[Outcome | Event | Raised | None] = SimpleQueue()
        self.workers: list[Worker] = []
        self.again: deque[Task] = deque()  # those whose process died
        self.n_attempts: dict[int, int] = {}  # by the identity of a task in hand
        self.looked = time.monotonic()
        self.is_stopped = False
        self.bell, self.button = Pipe(duplex=False)

    def stop(self) -> None:
        """Let the thread end all workers, from any thread."""
        self.is_stopped = True
        self.button.send(None)

    def work(self) -> None:
        """Run tasks to their end, or until stopped; the last happening is None."""
        try:
            while self._hand_out() and not self.is_stopped:
                self._listen()
                self._watch()
        except BaseException as error:
            self.happenings.put(Raised(error))
            self.is_stopped = True
        finally:
            for worker in self.workers:
                worker.kill() if self.is_stopped else worker.close()
            self.happenings.put(None)
            for worker in self.workers:
                worker.wait()

    def _hand_out(self) -> bool:
        """Give a task to every idle worker, and to new ones; tell whether any task is running."""
        while True:
            idle = [worker for worker in self.workers if worker.task is None]
            if not idle and len(self.workers) == self.means.n_workers:
                return True
            task = self.again.popleft() if self.again else next(self.tasks, None)
            if task is None:
                return len(idle) < len(self.workers)
            if not idle:
                idle = [Worker(self.means.begin)]
                self.workers += idle
            idle[0].give(task)

    def _listen(self) -> None:
        """Take what workers have to say, or a death; wait for a while if there is nothing."""
        busy = {worker.connection: worker for worker in self.workers if worker.task is not None}
        for ready in wait([*busy, self.bell], timeout=POLL_SECONDS):
            if ready is self.bell:
                return
            self._take(busy[ready])

    def _take(self, worker: Worker) -> None:
        """Pass one message on; a worker without one has died."""
        message, task = worker.receive(), worker.task
        assert task is not None
        if message is None:
            self._mourn(worker, task)
            return
        kind, value = message
        if kind == RAISED:
            raise value
        if kind == DONE:
            worker.task = None
            self.n_attempts.pop(id(task), None)
            self.happenings.put(Done(task, value))
        else:
            self.happenings.put(Event(value))

    def _mourn(self, worker: Worker, task: Task) -> None:
        """Run a dead worker's task once more, or give it up."""
        self.workers.remove(worker)
        reason = worker.death()
        worker.connection.close()
        n_attempts = self.n_attempts[id(task)] = self.n_attempts.get(id(task), 0) + 1
        if n_attempts < MOST_ATTEMPTS:
            self.again.append(task)
        else:
            self._lose(worker, task, f"{reason}, twice")

    def _lose(self, worker: Worker, task: Task, reason: str) -> None:
        self.n_attempts.pop(id(task), None)
        self.happenings.put(Lost(task, reason, time.monotonic() - worker.began))

    def _watch(self) -> None:
        """End tasks that are over a limit, and say which are silent."""
        limits, now = self.means.limits, time.monotonic()
        if now - self.looked < POLL_SECONDS:
            return
        self.looked = now
        for worker in list(self.workers):
            if worker.task is None:
                continue
            reason = over_time(now - worker.began, limits)
            if limits.memory_bytes is not None and not reason:
                reason = over_memory(memory_bytes(worker.process.pid), limits)
            if reason:
                self._end(worker, reason)
            elif worker.is_silent(now, *SILENT_AFTER):
                worker.is_said_silent = True
                self.happenings.put(Event(Silent(worker.task, now - worker.spoke)))

    def _end(self, worker: Worker, reason: str) -> None:
        """End a worker at a limit."""
        task = worker.task
        assert task is not None
        self.workers.remove(worker)
        worker.kill()
        worker.wait()
        self._lose(worker, task, reason)
