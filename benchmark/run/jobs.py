"""Cells through an executor: packed on their way, recorded as they end."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from benchmark.executors.contract import Executor, Lost, Means, Outcome, Report, Silent, Task
from benchmark.executors.registry import make_executor
from benchmark.executors.starting import n_cores
from benchmark.plan.cell import Cell
from benchmark.record.record import RunRecord
from benchmark.run import elsewhere
from benchmark.run.execute import Job, execute, record_lost
from benchmark.run.options import RunOptions
from benchmark.run.plugins import include_plugins
from benchmark.train.trainer import OnProgress

OnRecord = Callable[[RunRecord], None]
OnSilence = Callable[[Job, float], None]


def default_workers(device: str, n_cells: int) -> int:
    """One process per core on the CPU; a GPU is kept busy by one."""
    return max(1, min(n_cores(), n_cells)) if device == "cpu" else 1


def executor_for(options: RunOptions, means: Means, cells: Sequence[Cell]) -> Executor:
    """Return an executor whose processes know a user's own rows, and the songs of these cells."""
    include, root = options.include, options.data_root
    if options.is_local:
        begin: Callable[[], object] = partial(include_plugins, list(include))
        return make_executor(options.executor, replace(means, begin=begin))
    needed = elsewhere.songs_of(cells)
    files = [(path.name, path.read_bytes()) for path in include]
    sent = {songs: elsewhere.load(songs, root) for songs in needed if options.ships_data}
    begin, facts = partial(elsewhere.begin, files, sent), partial(elsewhere.facts, needed, root)
    return make_executor(options.executor, replace(means, begin=begin, facts=facts))


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
        elif not executor.shares_disk:
            record, files = outcome.value
            elsewhere.write_files(_job_of(outcome.task).results, files)
            on_record(record)
        else:
            on_record(outcome.value)

    def on_event(event: Any) -> None:
        if isinstance(event, Silent):
            on_silence(_job_of(event.task), event.seconds)
        else:
            on_progress(event)

    with executor:
        function = execute_packed if executor.shares_disk else elsewhere.execute_elsewhere
        executor.run(_tasks(jobs, function, seconds or {}), on_outcome, on_event)


def _tasks(
    jobs: Iterable[Job], function: Callable[..., Any], seconds: Mapping[str, float]
) -> Iterator[Task]:
    """Yield jobs as tasks, each when a worker is free for it."""
    for job in jobs:
        packed = replace(job, cell=job.cell.packed())
        yield Task(function, (packed,), seconds.get(job.cell.key))


def _job_of(task: Task) -> Job:
    """Return the job of a task, as it was planned."""
    job: Job = task.arguments[0]
    return replace(job, cell=job.cell.checked())


def execute_packed(job: Job, report: Report) -> RunRecord:
    """Run a job that came from elsewhere."""
    return execute(replace(job, cell=job.cell.checked()), report)
