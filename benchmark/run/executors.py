"""Share cells among processes: one thread each, longest first, results on disk as they finish."""

import multiprocessing
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmark.errors import MerError
from benchmark.processes import METHOD, follow_parent, n_cores, pool_of
from benchmark.record.record import RunRecord
from benchmark.run.execute import Job, execute
from benchmark.run.plugins import include_plugins
from benchmark.train.trainer import OnProgress, Progress

OnRecord = Callable[[RunRecord], None]
_events: Any = None  # the queue of this worker process
_refusal: MerError | None = None  # why this worker process cannot work


def default_workers(device: str, n_cells: int) -> int:
    """One process per core on the CPU; a GPU is kept busy by one."""
    return max(1, min(n_cores(), n_cells)) if device == "cpu" else 1


def run_jobs(
    jobs: Iterable[Job],
    n_workers: int,
    include: Sequence[Path],
    *,
    on_progress: OnProgress,
    on_record: OnRecord,
) -> None:
    """Run every job; `on_record` is called in this process as each one finishes.

    Each job is asked for when a worker is free.
    """
    if n_workers == 1:
        for job in jobs:
            on_record(execute(job, on_progress))
        return
    context = multiprocessing.get_context(METHOD)
    events = context.Queue()
    listener = threading.Thread(target=_forward, args=(events, on_progress), daemon=True)
    listener.start()
    try:
        with pool_of(n_workers, _begin, events, list(include)) as pool:
            running: set[Future[RunRecord]] = set()

            def until(n_running: int) -> None:
                while len(running) > n_running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        running.remove(future)
                        on_record(future.result())

            for job in jobs:
                packed = replace(job, cell=job.cell.packed())
                running.add(pool.submit(_execute_in_worker, packed))
                until(n_workers - 1)
            until(0)
    finally:
        events.put(None)
        listener.join(timeout=5)


def _forward(events: "SimpleQueue[Progress | None]", on_progress: OnProgress) -> None:
    """Hand the workers' events to the caller until there are no more."""
    while (event := events.get()) is not None:
        on_progress(event)


def _begin(events: Any, include: list[Path]) -> None:
    """Prepare a worker: know the user's models, leave Ctrl-C to the parent, die with it."""
    global _events, _refusal
    _events = events
    follow_parent()
    try:
        include_plugins(include)
    except MerError as error:  # raised here, it would look like a killed process
        _refusal = error


def _execute_in_worker(job: Job) -> RunRecord:
    if _refusal is not None:
        raise _refusal
    return execute(replace(job, cell=job.cell.checked()), _events.put)
