"""Register the winner of every table in MLflow, as one module that predicts anywhere.

The winner is the row with the lowest pooled average RMSE, and so always on the front of error
against parameters, among rows that are complete, no floor, not flattered, and judged on evaluation
songs. It stands for a whole results folder, whatever study ran last. The module is the repetition
whose own error is the median: the mean of several would have several times the parameters.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.record.record import RunRecord
from benchmark.record.store import record_path
from benchmark.record.tracking.champion import champion_cell, register
from benchmark.record.tracking.mirror import Mirror, experiment_name
from benchmark.record.weights import weights_path
from benchmark.report.aggregate import Row, Table
from benchmark.report.answer import ALL_STUDIES, Answer, answer_from_records
from benchmark.report.notes import row_note
from models.registry import MODELS

if TYPE_CHECKING:
    from torch.jit import ScriptModule

USE = (
    "Input: float32 features (songs, frames, columns) of whole songs, as the dataset gives them."
    " Output: valence and arousal in [-1, 1] of every frame."
)


def publish(mirror: Mirror, answer: Answer) -> list[Path]:
    """Register the winner of every table; return the folders of models that are new.

    Nothing happens where no weights were kept, as in a folder that was shared without them.
    """
    if not (mirror.results / "weights").is_dir():
        return []
    if answer.study != ALL_STUDIES:
        answer = answer_from_records(mirror.results)
    tables = [table for table in answer.tables if table.folds is None]
    return [path for table in tables for path in _publish_winner(mirror, table)]


def ranked(table: Table) -> list[Row]:
    """Return the rows that may win, best first; of equals the smaller comes first."""
    rows = [
        row
        for row in table.rows
        if row.is_complete and row.cells and not row.is_floor and not row.is_flattered
    ]
    return sorted(rows, key=lambda row: (row.scores["rmse_average"] or 0.0, row.parameters or 0))


def median_repetition(row: Row) -> RunRecord:
    """Return the repetition with the median error; of an even number the better of the two."""
    cells = sorted(row.cells, key=lambda cell: cell.scores["rmse_average"] or 0.0)
    return cells[(len(cells) - 1) // 2]


def _publish_winner(mirror: Mirror, table: Table) -> Iterator[Path]:
    """Register the best row that can be exported, unless it is the champion already."""
    passed_over: list[str] = []
    for row in ranked(table):
        record = median_repetition(row)
        name = experiment_name(record)
        if champion_cell(mirror.client, name) == record.cell:
            return
        weights = weights_path(mirror.results, record)
        if not weights.is_file():
            return  # the winner came without its weights: the next best would be no winner
        module = exported(record, weights)
        if isinstance(module, str):
            passed_over.append(f"{row.label({})} ({module})")
            continue
        yield register(
            mirror.client,
            mirror.results,
            name,
            module,
            np.zeros((2, 4, record.n_features), np.float32),
            cell=record.cell,
            run_id=mirror.parents.get(row.group),
            note=_note(mirror.results, record, row, table, passed_over),
            tags={"mer.model": record.model, "mer.dataset_digest": record.dataset_digest},
        )
        return


def exported(record: RunRecord, weights: Path) -> "ScriptModule | str":
    """Return a record's model as one module, or why it is none."""
    entry = MODELS.get(record.model)
    if entry is None:
        return "its code was not included"
    if entry.kind != "network":
        return "more than one network"
    from benchmark.listen import restored
    from benchmark.record.weights import read_weights
    from benchmark.train.portable import NotPortable, portable
    from benchmark.train.trainer import ScaledNetwork, SingleNetwork

    model = restored(read_weights(weights), weights, "cpu")
    assert isinstance(model, SingleNetwork)
    assert isinstance(model.fitted, ScaledNetwork)
    try:
        return portable(model.fitted)
    except NotPortable as why:
        return str(why)


def _note(
    results: Path, record: RunRecord, row: Row, table: Table, passed_over: Sequence[str]
) -> str:
    """Return what the registered model is, in Markdown."""
    median = record.scores["rmse_average"]
    rule = "Lowest pooled average RMSE on the front of error against parameters"
    better = f", after {', '.join(passed_over)}, which cannot be one module" if passed_over else ""
    return "\n\n".join(
        (
            f"{rule}{better}: {row_note(row, table)}",
            f"This is repetition {record.repetition}, the median of {row.n_cells}, with RMSE"
            f" {median:.3f}. Record: {record_path(results, record).relative_to(results)}",
            USE,
        )
    )
