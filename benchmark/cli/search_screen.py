"""What a search shows: a line per finished trial on stderr, the finding on stdout."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from benchmark.cli.console import console
from benchmark.cli.screen import Screen, duration, print_answer
from benchmark.cli.streams import as_started, visible
from benchmark.record.searches import TrialRow
from benchmark.run.planning import RunPlan
from benchmark.search.search import SearchOptions
from benchmark.search.session import SearchOutcome
from benchmark.search.spec import Search
from benchmark.search.storage import dashboard_command
from benchmark.tracking.address import shown
from datasets.registry import DATASETS

QUIET_SECONDS = 60  # say what is being trained this often


class SearchScreen:
    """Writes to stderr, so that stdout stays clean for the finding."""

    def __init__(self, search: Search, options: SearchOptions) -> None:
        """Take what is searched and where."""
        self.search, self.options = search, options
        self.console = console(stderr=True)
        self.best: TrialRow | None = None
        self.spoke = self.started = time.monotonic()

    def begin(self, earlier: Sequence[TrialRow], notes: Sequence[str]) -> None:
        """Say what is searched, on what songs, where it is kept and what is there already."""
        config, dataset = self.search.config, self.search.base.dataset
        caveat = DATASETS[dataset].caveat
        self.say(f"search {self.search.name} on dataset {dataset}{f': {caveat}' if caveat else ''}")
        for note in notes:
            self.say(note)
        self.say(
            f"{config.trials} trials in total, {config.sampler} sampler, {config.pruner} pruner,"
            f" {config.folds} folds of the development songs, kept in"
            f" {shown(self.options.storage)}"
        )
        done = [trial for trial in earlier if trial.state == "done"]
        self.best = min(done, key=lambda trial: trial.rmse or 0.0, default=None)
        if earlier:
            best = f"; best {self.best.rmse:.4f} of trial {self.best.number}" if self.best else ""
            self.say(f"{len(earlier)} trials are finished already{best}")

    def on_epoch(self, trial: int, network: str, epoch: int, error: float) -> None:
        """Say now and then what is being trained."""
        if time.monotonic() - self.spoke > QUIET_SECONDS:
            self.say(f"trial {trial}, {network}, epoch {epoch}: RMSE {error:.3f} where it stops")

    def on_trial(self, row: TrialRow) -> None:
        """Say how a trial ended, and which is the best."""
        size = "" if row.n_parameters is None else f", {row.n_parameters:,} parameters"
        if row.state == "done":
            if self.best is None or (row.rmse or 0.0) < (self.best.rmse or 0.0):
                self.best = row
            best = self.best
            outcome = f"RMSE {row.rmse:.4f}{size}; best {best.rmse:.4f} of trial {best.number}"
        else:
            outcome = f"{row.state}: {visible(row.reason or '')}{size}"
        elapsed = duration(time.monotonic() - self.started)
        self.say(f"trial {row.number}: {outcome}, after {elapsed}")

    def finalists(self, plan: RunPlan) -> Screen:
        """Return what shows the finalists' training."""
        self.say(f"training {len(plan.todo)} of {len(plan.cells)} cells of the finalists")
        return Screen()

    def say(self, line: str) -> None:
        """Write one line."""
        self.spoke = time.monotonic()
        self.console.print(as_started(line), soft_wrap=True)


def as_rows(outcome: SearchOutcome) -> dict[str, Any]:
    """Return what was found as JSON-ready values."""
    record = outcome.record
    counts = {
        state: sum(trial.state == state for trial in record.trials)
        for state in ("done", "pruned", "failed")
    }
    return {
        "search": record.name,
        "trials": counts,
        "best": asdict(record.completed[0]) if record.completed else None,
        "finalists": record.finalists,
        "importance": record.importance,
    }


def print_search(outcome: SearchOutcome, options: SearchOptions) -> None:
    """Print what was found, the files written and how to look further."""
    record, config = outcome.record, outcome.search.config
    if outcome.answer is not None:
        print_answer(outcome.answer, [], options.results)
    counts = as_rows(outcome)["trials"]
    typer.echo(
        f"search {record.name}: {counts['done']} trials trained to the end,"
        f" {counts['pruned']} pruned, {counts['failed']} failed"
    )
    for trial in record.completed[:1]:
        typer.echo(f"best trial {trial.number}: RMSE {trial.rmse:.4f}, {_size(trial.n_parameters)}")
    if record.finalists:
        typer.echo(f"finalists, {config.repetitions} further seeds each, best first:")
    rows = record.finalists or [asdict(trial) for trial in record.completed[:3]]
    for row in rows:
        spread = f" ± {row['rmse_std']:.4f}" if row.get("rmse_std") is not None else ""
        error = "failed" if row["rmse"] is None else f"{row['rmse']:.4f}{spread}"
        number = row.get("trial", row.get("number"))
        values = " ".join(f"{key}={_text(value)}" for key, value in row["values"].items())
        default = " (default)" if row["is_default"] else ""
        typer.echo(f"  trial {number}{default}: {error}, {_size(row['n_parameters'])}")
        typer.echo(f"    {values}")
    if len(record.trials) < config.trials:
        typer.echo(
            f"{config.trials - len(record.trials)} trials are left; the same command goes on"
        )
    for path in outcome.paths:
        typer.echo(f"written: {path}")
    typer.echo(f"look at the trials: {dashboard_command(shown(options.storage))}")
    command = f"python -m benchmark ui --results {options.results}"
    typer.echo(as_started(f"compare trials in MLflow: {command}"))


def _size(n_parameters: int | None) -> str:
    """Return "1,234 parameters", or that nobody counted them."""
    return "parameters unknown" if n_parameters is None else f"{n_parameters:,} parameters"


def _text(value: Any) -> str:
    """Return a value as `--set` takes it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
