"""A run: plan, skip what is recorded, train the rest, mirror, answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Protocol

from benchmark.errors import ConfigError
from benchmark.executors.contract import Means
from benchmark.plan.cell import Cell
from benchmark.record.places import files_of
from benchmark.record.record import RunRecord
from benchmark.record.searches import read_searches
from benchmark.record.store import latest_by_cell, read_records, write_plan, written_at
from benchmark.report.answer import Answer, answer_from_records, figure_stem
from benchmark.report.captions import row_note
from benchmark.report.search import write_search_answer
from benchmark.report.tradeoff import COSTS
from benchmark.report.write import write_answer
from benchmark.run.claims import Claims
from benchmark.run.execute import Job
from benchmark.run.jobs import executor_for, run_jobs
from benchmark.run.options import RunOptions
from benchmark.run.planning import RunPlan
from benchmark.run.sharing import OpenJobs, train_all
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.model_registry import publish
from benchmark.tracking.searches import SearchMirror
from benchmark.tracking.writer import Writer
from benchmark.train.trainer import Progress

MANY = 2**31  # workers: as many as a cluster has
MLFLOW_NAMES = {"parameters": "n_parameters"}


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
    shortest = min(seconds.values(), default=0.0)
    if shortest > (options.timeout or inf):
        raise ConfigError(
            f"No cell ends within --timeout: the shortest takes up to {shortest / 60:.1f} min."
            " Give a longer time."
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
    plan: RunPlan, options: RunOptions, screen: Screen, writer: Writer | None = None
) -> Finished:
    """Run a study to its end: records, MLflow copy, tables and figures.

    Files and MLflow show all that runs of the study ever asked for, the answer what this one did.
    """
    mirror = Mirror(options.results)
    if options.has_mlflow and writer is None:
        writer = Writer(options.results, screen.say)

    def copy(record: RunRecord) -> None:
        mirror.refresh()
        mirror.copy(record)

    def copy_beside(record: RunRecord) -> None:
        if writer:
            writer.beside_training(lambda: copy(record))

    left = run_cells(plan, options, screen, copy_beside)
    asked = {cell.key: cell.group for cell in plan.cells}
    if not any(written_at(options.results, cell) for cell in plan.cells):
        return Finished(Answer(plan.study.name, [], [], asked=asked), [], left)
    screen.say("writing tables and figures")
    whole = answer_from_records(options.results, plan.study.name)
    paths = write_answer(whole, options.results)
    if writer:
        screen.say("copying to MLflow")
        paths += writer.attempt(lambda: mirror_and_publish(mirror, whole, paths)) or []
    return Finished(whole.of(asked), paths, left)


def mirror_searches(results: Path, written: Mapping[str, Sequence[Path]]) -> None:
    """Bring MLflow up to the trials of every search, with the files written of each."""
    searches = read_searches(results)
    by_cell = latest_by_cell(read_records(results)) if searches else {}
    for search in searches:
        mirror = SearchMirror(results, search.name)
        for trial in search.trials:
            mirror.copy(trial, by_cell.get(trial.cell or ""))
        mirror.summarise(search, written.get(search.name, ()))


def mirror_folder(
    results: Path, answer: Answer, paths: Sequence[Path], writer: Writer
) -> tuple[Mirror, list[Path]]:
    """Bring MLflow up to an answer and to the folder's searches; return what was written."""
    mirror = Mirror(results)
    searches = {
        search.name: write_search_answer(search, results) for search in read_searches(results)
    }

    def write() -> list[Path]:
        models = mirror_and_publish(mirror, answer, paths)
        mirror_searches(results, searches)
        return models

    models = writer.attempt(write) or []
    return mirror, [*models, *(path for files in searches.values() for path in files)]


def mirror_records(results: Path, writer: Writer, seconds: float) -> None:
    """Make the MLflow copy of a whole results folder, with the figures that are there."""

    def write() -> None:
        figures = files_of(results, "figures", ending="")
        if read_records(results):
            mirror_and_publish(Mirror(results), answer_from_records(results), figures)
        drawn: dict[str, list[Path]] = {}
        for path in figures:
            name = path.stem.removeprefix("search-").removesuffix("-settings")
            drawn.setdefault(name, []).append(path)
        mirror_searches(results, drawn)

    writer.attempt(write, seconds)


def mirror_and_publish(mirror: Mirror, answer: Answer, paths: Sequence[Path]) -> list[Path]:
    """Bring MLflow up to an answer, and register its winners; return the folders of new models."""
    mirror_answer(mirror, answer, paths)
    return publish(mirror, answer)


def mirror_answer(mirror: Mirror, answer: Answer, paths: Sequence[Path]) -> None:
    """Bring MLflow up to the records: every cell, every mean, and its table's figure in any format.

    `paths` may hold other files: a figure is known by its name.
    """
    mirror.refresh()
    for record in answer.records:
        mirror.copy(record)
    for table in answer.tables:
        stem = figure_stem(answer.study, table)
        shown = [path for path in paths if path.stem == stem]
        for row in table.rows:
            costs = {MLFLOW_NAMES.get(cost, cost): row.cost(cost) for cost in COSTS}
            costs["n_cells"] = row.n_cells
            mirror.summarise(row.group, row.scores, costs, shown, row_note(row, table))
