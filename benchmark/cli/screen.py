"""What a run shows: bars on stderr while it works, tables on stdout when it is done."""

import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import typer
from rich.progress import BarColumn, TaskProgressColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from benchmark.analysis.rows import settings_text
from benchmark.cli.console import console, text_column
from benchmark.cli.streams import as_started, visible
from benchmark.plan.cell import Cell
from benchmark.plan.config import Study
from benchmark.record.record import RunRecord
from benchmark.report.answer import Answer, stem_of
from benchmark.report.grid import terminal_tables
from datasets.registry import DATASETS

if TYPE_CHECKING:  # they bring torch, which an answer from records does without
    from benchmark.run.planning import RunPlan
    from benchmark.train.trainer import Progress

TABLE_WIDTH = 132  # where the output is no terminal
MOST_GRIDS = 8  # on a terminal; the files have all
SECONDS_TO_START = 25  # worker processes on a busy machine of two cores; 8 on a quiet one
QUIET_SECONDS = 60  # without a terminal, say what is being trained this often


class Screen:
    """One bar for the whole study; without a terminal, one line per finished cell."""

    def __init__(self) -> None:
        """Write to stderr, so that stdout stays clean for the answer."""
        self.console = console(stderr=True)
        self.bars = Bars(
            text_column("{task.description}"),
            BarColumn(bar_width=20),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            text_column("{task.fields[doing]}"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.started = self.spoke = time.monotonic()

    def __enter__(self) -> Self:
        """Begin drawing."""
        self.bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing and leave the cursor as it was."""
        self.bars.stop()

    def begin(self, plan: "RunPlan") -> None:
        """Say what runs where, and set the bar's length to the estimated work."""
        self.plan = plan
        self.names = {cell.key: cell.name for cell in plan.cells}
        self.n_done = 0
        self.shares = {cell.key: 0.0 for cell in plan.todo}
        self.networks: dict[str, set[str]] = {cell.key: set() for cell in plan.todo}
        for line in (headline(plan.study), *plan.notes, summary(plan)):
            self.say(line)
        if (n_processes := min(plan.n_workers, len(plan.todo))) > 1:
            self.say(f"starting {n_processes} processes")
        self.task = self.bars.add_task("training", total=self._work(), doing="")

    def _work(self) -> float:
        """Return the seconds of work if nothing stops early; a fixed share for small cells."""
        return sum(self._cost(key) for key in self.shares)

    def _cost(self, key: str) -> float:
        """Return a cell's part of the bar."""
        return max(1.0, self.plan.estimates[key].seconds)

    def on_progress(self, progress: "Progress") -> None:
        """Move the bar by one epoch."""
        networks = self.networks[progress.key]
        networks.add(progress.network)
        estimate = self.plan.estimates[progress.key]
        per_network = estimate.n_epochs / max(1, estimate.n_networks)
        finished = (len(networks) - 1 + progress.epoch / max(1, per_network)) / max(
            1, estimate.n_networks
        )
        self._advance(progress.key, min(finished, 1.0))
        which = f", network {len(networks)} of {estimate.n_networks}" if len(networks) > 1 else ""
        doing = (
            f"{self.names[progress.key]}{which}, epoch {progress.epoch}:"
            f" RMSE {progress.validation_rmse:.3f} on the songs it stops on"
        )
        self.bars.update(self.task, doing=doing)
        if not self.console.is_terminal and time.monotonic() - self.spoke > QUIET_SECONDS:
            self._say(doing)

    def _advance(self, key: str, share: float) -> None:
        """Move the bar to a cell's new share of done work."""
        if share > self.shares[key]:
            self.bars.advance(self.task, (share - self.shares[key]) * self._cost(key))
            self.shares[key] = share

    def on_record(self, record: RunRecord) -> None:
        """Close a cell; a cell that went wrong is always said aloud."""
        self.n_done += 1
        self._advance(record.cell, 1.0)
        count = f"{self.n_done} of {len(self.shares)}"
        self.bars.update(self.task, description=f"{count} cells")
        if record.status != "done":
            problem = f"{record.status}: {record.name}: {visible(record.error or '')}"
            self.say(problem)
        elif not self.console.is_terminal:
            score = record.scores["rmse_average"]
            self._say(f"[{count}] {record.name}: RMSE average {score:.3f} pooled")

    def say(self, line: str) -> None:
        """Write a line above the bar."""
        self.console.print(as_started(line), soft_wrap=True)

    def _say(self, text: str) -> None:
        """Write one line of a log, with the time since the start."""
        self.spoke = time.monotonic()
        elapsed = duration(self.spoke - self.started)
        self.say(f"{text}, after {elapsed}")


def planning() -> AbstractContextManager[object]:
    """Show that data is loaded and cells are priced; on a terminal only, and not for long."""
    return console(stderr=True).status("loading songs and timing a step of every model")


def headline(study: Study) -> str:
    """Return the first line of a run: what runs on what."""
    on_what = [
        f"dataset {name}{f': {DATASETS[name].caveat}' if DATASETS[name].caveat else ''}"
        for name in study.datasets
    ]
    return f"study {study.name} on {', '.join(on_what)}"


def summary(plan: "RunPlan") -> str:
    """Return the second line of a run: how much of it is left, and where it runs."""
    n_cells, n_own, n_todo = len(plan.cells), len(plan.own), len(plan.todo)
    of_others = f"{n_cells - n_own} of other shards, " if n_own < n_cells else ""
    reason = f" ({plan.device.reason})" if plan.device.reason else ""
    workers = "1 worker" if plan.n_workers == 1 else f"{plan.n_workers} workers"
    starting = f", after up to {SECONDS_TO_START} s to start them" if plan.n_workers > 1 else ""
    return (
        f"{n_cells} cell{'s' * (n_cells != 1)}, {of_others}{n_own - n_todo} recorded,"
        f" {n_todo} to run;"
        f" device {plan.device.name}{reason}, {workers};"
        f" training takes at most {duration(plan.seconds_at_most)}{starting if n_todo else ''}"
    )


def duration(seconds: float) -> str:
    """Return seconds as people say them."""
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def print_plan(plan: "RunPlan", *, as_json: bool) -> None:
    """Print the cells and what each costs if no network stops early."""
    rows: list[dict[str, Any]] = [
        {
            "name": cell.name,
            "settings": settings_text(cell.settings),
            "cell": cell.key,
            "is_recorded": cell.key in plan.recorded,
            "n_networks": plan.estimates[cell.key].n_networks if cell.key in plan.estimates else 0,
            "seconds_at_most": round(plan.estimates[cell.key].seconds, 1)
            if cell.key in plan.estimates
            else 0.0,
        }
        for cell in plan.own
    ]
    if as_json:
        total = round(plan.seconds_at_most, 1)
        typer.echo(json.dumps({"cells": rows, "seconds_at_most": total}, indent=1))
        return
    for line in (headline(plan.study), *plan.notes, summary(plan)):
        typer.echo(line)
    width = max((len(row["name"]) for row in rows), default=0)
    songs = [f"{cell.dataset}, {cell.features}" for cell in plan.own]
    for index, row in enumerate(rows):
        if len(set(songs)) > 1 and songs[index] not in songs[:index]:
            typer.echo(f"{songs[index]}:")
        cost = "recorded" if row["is_recorded"] else f"at most {duration(row['seconds_at_most'])}"
        networks = f"{row['n_networks']} networks" if row["n_networks"] > 1 else ""
        typer.echo(f"{row['name']:<{width}}  {cost:<16}{networks:<14}{row['settings']}".rstrip())


def print_left(plan: "RunPlan", left: Sequence[Cell]) -> None:
    """Say that there is more to do, and what a longer time would be needed for."""
    shortest = min(plan.estimates[cell.key].seconds for cell in left)
    which = f", the shortest of at most {duration(shortest)}" if shortest else ""
    typer.echo(
        f"{len(left)} of {len(plan.own)} cells are left{which};"
        " run the same command again to go on",
        err=True,
    )


def print_answer(
    answer: Answer,
    paths: Sequence[Path],
    results: Path,
    *,
    views: Sequence[str] | None = None,
    has_mlflow: bool = True,
) -> None:
    """Print the tables to read first, where the others are, and how to open MLflow."""
    screen = console()
    if not screen.is_terminal:
        screen = console(width=TABLE_WIDTH)
    first = answer.headline if views is None else answer.of_views(views)
    for grid in first[:MOST_GRIDS]:
        for drawn in terminal_tables(grid, screen.width):
            screen.print(drawn)
        for note in grid.every_note:
            screen.print(note)
        screen.print()
    further = [*first[MOST_GRIDS:], *answer.besides(first)]
    if further:
        typer.echo(f"further tables, in {results / 'tables' / stem_of(answer.study)}.md:")
        for title in dict.fromkeys(grid.title for grid in further):
            typer.echo(f"  {title}")
    for path in paths:
        typer.echo(f"written: {path}")
    if has_mlflow:
        command = f"python -m benchmark ui --results {results}"
        typer.echo(as_started(f"compare runs in MLflow: {command}"))
