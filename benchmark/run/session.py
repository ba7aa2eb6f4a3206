"""A run: plan, skip what is recorded, train the rest, mirror, answer."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Protocol

from benchmark.errors import ConfigError
from benchmark.executors.contract import Means
from benchmark.plan.cell import Cell
from benchmark.record.record import RunRecord
from benchmark.record.store import write_plan, written_at
from benchmark.report.answer import Answer, answer_from_records
from benchmark.report.write import write_answer
from benchmark.run.claims import Claims
from benchmark.run.execute import Job
from benchmark.run.jobs import executor_for, run_jobs
from benchmark.run.options import RunOptions
from benchmark.run.planning import RunPlan
from benchmark.run.sharing import OpenJobs, train_all
from benchmark.tracking.folder import mirror_and_publish
from benchmark.tracking.records import copy_record
from benchmark.tracking.tracking import Tracking
from benchmark.train.trainer import Progress

MANY = 2**31  # workers: as many as a cluster has


class Screen(Protocol):
    """Where a run shows itself."""

    def begin(self, plan: RunPlan) -> None:
        """Show what is about to run."""

    def on_progress(self, progress: Progress) -> None:
        """Show that an epoch ended."""

    def on_record(self, record: RunRecord) -> None:
        """Show that a cell finished."""

    def say(self, line: str) -> None:
        """Show a line that is not about a cell."""


def run_cells(
    plan: RunPlan, options: RunOptions, screen: Screen, mirror: Callable[[RunRecord], None]
) -> list[Cell]:
    """Run what is missing, longest first, and return the cells there was no time for."""
    seconds = {cell.key: plan.estimates[cell.key].seconds for cell in plan.todo}
    shortest = min(seconds.values(), default=-inf)
    if shortest > options.deadline - time.monotonic():
        raise ConfigError(
            f"No cell ends within --timeout: the shortest takes up to {shortest / 60:.1f} min, and"
            f" {time.monotonic() - options.begun:.0f} s went by before. Give a longer time."
        )
    write_plan(options.results, plan.study.name, plan.cells, plan.study.contrasts)
    screen.begin(plan)
    means = Means(
        n_workers=plan.n_workers if options.is_local else options.workers or MANY,
        limits=options.limits,
        address=options.address,
        n_gpus=0.0 if plan.device.name == "cpu" else options.n_gpus,
        say=screen.say,
    )
    jobs = [
        Job(cell, options.results, options.data_root, plan.device.name, options.kernels)
        for cell in sorted(plan.todo, key=lambda cell: -seconds[cell.key])
    ]

    def run(free: Iterator[Job]) -> None:
        run_jobs(
            free,
            executor_for(options, means, plan.todo),
            on_progress=screen.on_progress,
            on_record=on_record,
            on_silence=lambda job, silent: screen.say(
                f"{job.cell.name} is silent for {silent / 60:.0f} min and was estimated at"
                f" {seconds[job.cell.key]:.0f} s; --cell-timeout would end it"
            ),
            seconds=seconds,
        )

    def on_record(record: RunRecord) -> None:
        open_jobs.close(record)
        screen.on_record(record)  # first: the first copy to MLflow takes seconds
        mirror(record)

    with Claims(options.results) as claims:
        open_jobs = OpenJobs(jobs, seconds, plan.earlier, claims, options.deadline)
        return train_all(open_jobs, run, on_record, screen.say)


@dataclass(frozen=True)
class Finished:
    """What a run leaves."""

    answer: Answer  # without tables where no cell of the study is recorded yet
    paths: list[Path]
    left: list[Cell]  # there was no time for them


def complete_run(
    plan: RunPlan, options: RunOptions, screen: Screen, tracking: Tracking | None = None
) -> Finished:
    """Run a study to its end: records, MLflow copies, tables and figures.

    Files and MLflow show all that runs of the study ever asked for, the answer what this one did.
    """
    if tracking is None and (options.has_mlflow or options.tracking_uri):
        tracking = Tracking(
            options.results, screen.say, options.tracking_uri, has_local=options.has_mlflow
        )

    def copy(record: RunRecord) -> None:
        if tracking:
            tracking.beside_training(lambda mirror: copy_record(mirror, record))

    left = run_cells(plan, options, screen, copy)
    asked = {cell.key: cell.group for cell in plan.cells}
    if not any(written_at(options.results, cell) for cell in plan.cells):
        return Finished(Answer(plan.study.name, [], [], asked=asked), [], left)
    screen.say("writing tables and figures")
    whole = answer_from_records(options.results, plan.study.name)
    paths = write_answer(whole, options.results)
    if tracking:
        screen.say("copying to MLflow")
        paths += tracking.attempt(lambda mirror: mirror_and_publish(mirror, whole, paths)) or []
    return Finished(whole.of(asked), paths, left)
