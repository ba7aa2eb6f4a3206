"""Bring MLflow up to a whole results folder: its records, means, searches and best models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.record.places import files_of
from benchmark.record.searches import SearchRecord, read_searches
from benchmark.record.store import latest_by_cell, read_records
from benchmark.report.answer import Answer, answer_from_records, figure_stem
from benchmark.report.captions import row_note
from benchmark.report.search import write_search_answer
from benchmark.report.tradeoff import COSTS
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.model_registry import publish
from benchmark.tracking.records import copy_record, summarise
from benchmark.tracking.searches import copy_trial, summarise_search
from benchmark.tracking.tracking import Tracking
from benchmark.tracking.writer import Writer

MLFLOW_NAMES = {"parameters": "n_parameters"}  # of costs
BATCH = 20  # records between two waits for the disk


def mirror_folder(tracking: Tracking, answer: Answer, paths: Sequence[Path]) -> list[Path]:
    """Bring MLflow up to an answer and to the folder's searches; return what was written."""
    searches = read_searches(tracking.results)
    drawn = {search.name: write_search_answer(search, tracking.results) for search in searches}

    def write(mirror: Mirror) -> list[Path]:
        models = mirror_and_publish(mirror, answer, paths)
        mirror_searches(mirror, searches, drawn)
        return models

    models = tracking.attempt(write) or []
    return [*models, *(path for files in drawn.values() for path in files)]


def mirror_records(results: Path, writer: Writer, seconds: float) -> None:
    """Make the MLflow copy of a whole results folder, with the figures that are there."""

    def write() -> None:
        mirror = Mirror(results)
        figures = files_of(results, "figures", ending="")
        if read_records(results):
            mirror_and_publish(mirror, answer_from_records(results), figures)
        drawn: dict[str, list[Path]] = {}
        for path in figures:
            name = path.stem.removeprefix("search-").removesuffix("-settings")
            drawn.setdefault(name, []).append(path)
        mirror_searches(mirror, read_searches(results), drawn)

    writer.attempt(write, seconds)


def mirror_and_publish(mirror: Mirror, answer: Answer, paths: Sequence[Path]) -> list[Path]:
    """Bring MLflow up to an answer; the folder's own registers winners: return their folders."""
    mirror_answer(mirror, answer, paths)
    return publish(mirror, answer) if mirror.is_local else []


def mirror_answer(mirror: Mirror, answer: Answer, paths: Sequence[Path]) -> None:
    """Bring MLflow up to the records: every cell, every mean, and its table's figure in any format.

    `paths` may hold other files: a figure is known by its name.
    """
    mirror.refresh()
    for first in range(0, len(answer.records), BATCH):
        with mirror.store.together():
            for record in answer.records[first : first + BATCH]:
                copy_record(mirror, record)
    for table in answer.tables:
        stem = figure_stem(answer.study, table)
        shown = [path for path in paths if path.stem == stem]
        for row in table.rows:
            costs = {MLFLOW_NAMES.get(cost, cost): row.cost(cost) for cost in COSTS}
            costs["n_cells"] = row.n_cells
            summarise(mirror, row.group, row.scores, costs, shown, row_note(row, table))


def mirror_searches(
    mirror: Mirror, searches: Sequence[SearchRecord], drawn: Mapping[str, Sequence[Path]]
) -> None:
    """Bring MLflow up to the trials of every search, with the files written of each."""
    by_cell = latest_by_cell(read_records(mirror.results)) if searches else {}
    for search in searches:
        for trial in search.trials:
            copy_trial(mirror, search.name, trial, by_cell.get(trial.cell or ""))
        summarise_search(mirror, search, drawn.get(search.name, ()))
