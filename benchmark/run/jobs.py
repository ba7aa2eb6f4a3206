"""Cells through an executor: packed on their way, recorded as they end."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmark.executors.contract import Executor, Limits, Lost, Outcome, Report, Silent, Task
from benchmark.executors.registry import make_executor
from benchmark.executors.starting import n_cores
from benchmark.record.record import RunRecord
from benchmark.run.execute import Job, execute, record_lost
from benchmark.run.plugins import include_plugins
from benchmark.train.trainer import OnProgress

OnRecord = Callable[[RunRecord], None]
OnSilence = Callable[[Job, float], None]


def default_workers(device: str, n_cells: int) -> int:
    """One process per core on the CPU; a GPU is kept busy by one."""
    return max(1, min(n_cores(), n_cells)) if device == "cpu" else 1


def executor_for(
    name: str, n_workers: int, include: Sequence[Path], limits: Limits | None = None
) -> Executor:
    """Return an executor whose processes know a user's own rows."""
    return make_executor(name, n_workers, partial(include_plugins, list(include)), limits)


def run_jobs(
    jobs: Iterable[Job],
    executor: Executor,
    *,
    on_progress: OnProgress,
    on_record: OnRecord,
    on_silence: OnSilence = lambda job, seconds: None,
    seconds: Mapping[str, float] | None = None,
) -> None:
    """Run every job; `on_record` is called in this process as each one finishes.

    `seconds` are the estimates by a cell's key. A cell that ends its process fails on the record.
    """

    def on_outcome(outcome: Outcome) -> None:
        if isinstance(outcome, Lost):
            reason = f"its process {outcome.reason}"
            on_record(record_lost(_job_of(outcome.task), reason, outcome.seconds))
        else:
            on_record(outcome.value)

    def on_event(event: Any) -> None:
        if isinstance(event, Silent):
            on_silence(_job_of(event.task), event.seconds)
        else:
            on_progress(event)

    with executor:
        executor.run(_tasks(jobs, seconds or {}), on_outcome, on_event)


def _tasks(jobs: Iterable[Job], seconds: Mapping[str, float]) -> Iterator[Task]:
    """Yield jobs as tasks, each when a worker is free for it."""
    for job in jobs:
        packed = replace(job, cell=job.cell.packed())
        yield Task(execute_packed, (packed,), seconds.get(job.cell.key))


def _job_of(task: Task) -> Job:
    """Return the job of a task, as it was planned."""
    job: Job = task.arguments[0]
    return replace(job, cell=job.cell.checked())


def execute_packed(job: Job, report: Report) -> RunRecord:
    """Run a job that came from elsewhere."""
    return execute(replace(job, cell=job.cell.checked()), report)
