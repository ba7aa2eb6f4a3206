"""The conductor: plan, skip what is recorded, train the rest, mirror, answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmark.errors import USER_ERRORS, ModelBroken
from benchmark.executors.contract import Limits
from benchmark.plan.cell import Cell
from benchmark.plan.classes import ends_the_run
from benchmark.plan.config import Study, resolve
from benchmark.plan.expand import expand
from benchmark.plan.protocol import ProtocolConfig, rounds
from benchmark.record.annotations import keep_annotations
from benchmark.record.places import prepare_folder
from benchmark.record.record import RunRecord
from benchmark.record.store import latest_by_cell, read_records, write_plan
from benchmark.report.answer import Answer, answer_from_records
from benchmark.report.write import write_answer
from benchmark.run.execute import Job
from benchmark.run.jobs import default_workers, executor_for, run_jobs
from benchmark.run.loading import load_study
from benchmark.tracking.folder import mirror_and_publish
from benchmark.tracking.records import copy_record
from benchmark.tracking.tracking import Tracking
from benchmark.train.device import Device, choose_device
from benchmark.train.estimate import Estimate, StepTimes, estimate
from benchmark.train.kernels import Kernels
from benchmark.train.trainer import Progress
from benchmark.users_code import users_code
from datasets.contract import Split


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run a study; none of it changes a number."""

    results: Path
    data_root: Path | None = None
    device: str = "auto"
    kernels: Kernels = "fused"
    workers: int | None = None  # None: one per core on the CPU
    executor: str = "processes"
    limits: Limits | None = None  # of each cell
    include: tuple[Path, ...] = ()
    tracking_uri: str | None = None  # of a server that gets a copy of the records, too
    is_fresh: bool = False  # train recorded cells again
    is_dry: bool = False  # plan only: not even the results folder is made


@dataclass(frozen=True)
class Bill:
    """What a study will do before it does it."""

    study: Study
    device: Device
    n_workers: int
    cells: list[Cell]
    recorded: dict[str, RunRecord]  # finished cells that will not run again
    estimates: dict[str, Estimate] = field(default_factory=dict)  # of the cells to run
    notes: tuple[str, ...] = ()  # what the datasets have to say of their songs

    @property
    def todo(self) -> list[Cell]:
        """Return the cells that have no finished record."""
        return [cell for cell in self.cells if cell.key not in self.recorded]

    @property
    def seconds_at_most(self) -> float:
        """Return the wall time if no network stops early, shared among the workers."""
        costs = [one.seconds for one in self.estimates.values()]
        return max(sum(costs) / self.n_workers, max(costs, default=0.0))


class Screen(Protocol):
    """Where a run shows itself."""

    def begin(self, bill: Bill) -> None:
        """Show what is about to run."""

    def on_progress(self, progress: Progress) -> None:
        """Show that an epoch ended."""

    def on_record(self, record: RunRecord) -> None:
        """Show that a cell finished."""

    def say(self, line: str) -> None:
        """Show a line that is not about a cell."""


def plan_run(study: Study, options: RunOptions) -> Bill:
    """Load the data, list the cells, find what is recorded and price the rest."""
    device = choose_device(options.device)
    splits: dict[str, Split] = {}  # by digest
    datasets: dict[str, str] = {}  # their names
    cells: dict[str, Cell] = {}  # by key, so that parts share theirs
    for part in study.parts:
        split = load_study(part, options.data_root)
        rounds(split, resolve(part, "protocol", ProtocolConfig), part.seed)  # enough songs?
        digest = split.digest()
        splits[digest], datasets[digest] = split, part.dataset
        cells |= {cell.key: cell for cell in expand(part, digest) if cell.key not in cells}
    if not options.is_dry:
        prepare_folder(options.results)
        for digest, split in splits.items():
            keep_annotations(options.results, datasets[digest], digest, split)
    recorded = {} if options.is_fresh else _finished(options.results, list(cells.values()))
    todo = [cell for cell in cells.values() if cell.key not in recorded]
    step_times: StepTimes = {}
    prices = {  # repetitions cost the same
        cell.group: _price(
            cell, splits[cell.dataset_digest], device.name, options.kernels, step_times
        )
        for cell in {one.group: one for one in todo}.values()
    }
    estimates = {cell.key: prices[cell.group] for cell in todo}
    n_workers = options.workers or default_workers(device.name, len(estimates))
    n_workers = 1 if options.executor == "inline" else min(n_workers, max(1, len(estimates)))
    notes = tuple(dict.fromkeys(note for split in splits.values() for note in split.notes))
    return Bill(study, device, n_workers, list(cells.values()), recorded, estimates, notes)


def _price(
    cell: Cell, split: Split, device: str, kernels: Kernels, step_times: StepTimes
) -> Estimate:
    """Estimate a cell; a model that cannot even take a step is left to fail on the record."""
    try:
        with users_code(cell.name, ModelBroken):
            return estimate(cell, split, device, kernels, step_times)
    except (ModelBroken, *USER_ERRORS) as error:  # training meets it again and records it
        if ends_the_run(error, cell.model):
            raise
        return Estimate(n_networks=1, n_epochs=1, seconds=0.0)


def _finished(results: Path, cells: Sequence[Cell]) -> dict[str, RunRecord]:
    """Return the records of these cells that need no second try; failures get one."""
    if not results.is_dir():
        return {}
    records = latest_by_cell(read_records(results))
    return {
        cell.key: records[cell.key]
        for cell in cells
        if cell.key in records and records[cell.key].status != "failed"
    }


def run_bill(
    bill: Bill, options: RunOptions, screen: Screen, mirror: Callable[[RunRecord], None]
) -> list[RunRecord]:
    """Run what is missing, longest first, and return the records of all cells in plan order."""
    write_plan(options.results, bill.study.name, bill.cells, bill.study.contrasts)
    todo = sorted(bill.todo, key=lambda cell: -bill.estimates[cell.key].seconds)
    finished = dict(bill.recorded)

    def on_record(record: RunRecord) -> None:
        finished[record.cell] = record
        screen.on_record(record)  # first: the first copy to MLflow takes seconds
        mirror(record)

    screen.begin(bill)
    jobs = [
        Job(cell, options.results, options.data_root, bill.device.name, options.kernels)
        for cell in todo
    ]
    run_jobs(
        jobs,
        executor_for(options.executor, bill.n_workers, options.include, options.limits),
        on_progress=screen.on_progress,
        on_record=on_record,
        on_silence=lambda job, seconds: screen.say(
            f"{job.cell.name} is silent for {seconds / 60:.0f} min and was estimated at"
            f" {bill.estimates[job.cell.key].seconds:.0f} s; --cell-timeout would end it"
        ),
        seconds={key: estimate.seconds for key, estimate in bill.estimates.items()},
    )
    return [finished[cell.key] for cell in bill.cells]


def complete_run(
    bill: Bill, options: RunOptions, screen: Screen, tracking: Tracking | None = None
) -> tuple[Answer, list[Path]]:
    """Run a study to its end: records, MLflow copies, tables and figures.

    Files and MLflow show all that runs of the study ever asked for, the answer what this one did.
    """
    tracking = tracking or Tracking(options.results, screen.say, options.tracking_uri)

    def copy(record: RunRecord) -> None:
        tracking.beside_training(lambda mirror: copy_record(mirror, record))

    run_bill(bill, options, screen, copy)
    screen.say("writing tables and figures")
    whole = answer_from_records(options.results, bill.study.name)
    paths = write_answer(whole, options.results)
    screen.say("copying to MLflow")
    paths += tracking.attempt(lambda mirror: mirror_and_publish(mirror, whole, paths)) or []
    return whole.of({cell.key: cell.group for cell in bill.cells}), paths
