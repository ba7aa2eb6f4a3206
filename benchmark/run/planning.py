"""What a run will do before it does it: its cells, what is recorded, what the rest costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.plan.cell import Cell
from benchmark.plan.config import Study, resolve
from benchmark.plan.expand import expand
from benchmark.plan.protocol import ProtocolConfig, rounds
from benchmark.record.annotations import keep_annotations
from benchmark.record.places import prepare_folder
from benchmark.record.record import RunRecord
from benchmark.record.store import latest_by_cell, read_records, written_at
from benchmark.run.costs import cost, work
from benchmark.run.jobs import default_workers
from benchmark.run.loading import load_study
from benchmark.run.options import RunOptions
from benchmark.train.device import Device, choose_device, device_of_cluster
from benchmark.train.estimate import Estimate, StepTimes
from datasets.contract import Split


@dataclass(frozen=True)
class RunPlan:
    """What a study will do before it does it."""

    study: Study
    device: Device
    n_workers: int
    cells: list[Cell]
    recorded: dict[str, RunRecord]  # finished cells that will not run again
    estimates: dict[str, Estimate] = field(default_factory=dict)  # of the cells to run
    notes: tuple[str, ...] = ()  # what the datasets have to say of their songs
    of_others: frozenset[str] = frozenset()  # cells of the study's other shards
    earlier: dict[str, int] = field(default_factory=dict)  # when cells to run were written before

    @property
    def own(self) -> list[Cell]:
        """Return the cells that this run answers for: all but those of other shards."""
        return [cell for cell in self.cells if cell.key not in self.of_others]

    @property
    def todo(self) -> list[Cell]:
        """Return the own cells that have no finished record."""
        return [cell for cell in self.own if cell.key not in self.recorded]

    @property
    def seconds_at_most(self) -> float:
        """Return the wall time if no network stops early, shared among the workers."""
        costs = [estimate.seconds for estimate in self.estimates.values()]
        return max(sum(costs) / self.n_workers, max(costs, default=0.0))


def plan_run(study: Study, options: RunOptions) -> RunPlan:
    """Load the data, list the cells, find what is recorded and price the rest."""
    is_local = options.is_local
    device = choose_device(options.device) if is_local else device_of_cluster(options.device)
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
    groups = {cell.group: cell for cell in cells.values()}  # repetitions cost the same
    own = set(cells)
    if options.shard:
        works = {group: work(cell, splits[cell.dataset_digest]) for group, cell in groups.items()}
        own = options.shard.of({key: works[cell.group] for key, cell in cells.items()})
    # first: what another run records from here on is seen as new
    earlier = {key: written_at(options.results, cells[key]) for key in own}
    recorded = {} if options.is_fresh else _finished(options.results, list(cells.values()))
    todo = [cell for key, cell in cells.items() if key in own and key not in recorded]
    step_times = StepTimes()
    costs = {
        cell.group: cost(
            cell,
            splits[cell.dataset_digest],
            device.name if is_local else "cpu",  # steps are timed here
            options.kernels,
            step_times,
        )
        for cell in {cell.group: cell for cell in todo}.values()
    }
    estimates = {cell.key: costs[cell.group] for cell in todo}
    n_workers = options.workers or default_workers(device.name, len(estimates))
    n_workers = 1 if options.executor == "inline" else min(n_workers, max(1, len(estimates)))
    return RunPlan(
        study,
        device,
        n_workers,
        list(cells.values()),
        recorded,
        estimates,
        notes=tuple(dict.fromkeys(note for split in splits.values() for note in split.notes)),
        of_others=frozenset(cells) - own,
        earlier=earlier,
    )


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
