"""Register the winner of every table in MLflow, as one module that predicts anywhere.

The winner is the row with the lowest pooled average RMSE, and so on the front of error against
parameters, among rows that are complete, no floor, not selected on evaluation songs, of no older
version, and scored on evaluation songs. A model that by nature cannot be one module is passed over,
and the note of the next best says so.

A winner that cannot be loaded (its weights are absent, damaged or of an older version, its code is
not included or fails) is not passed over: nothing is registered, an earlier version stays.

It stands for a whole results folder, whatever study ran last. The registered name does not tell
versions of a dataset apart: of tables that share it, the one whose records started last counts.
The module is the repetition whose own error is the median: the mean of several would have several
times the parameters.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.analysis.rows import Row, Table
from benchmark.analysis.superseded import is_superseded
from benchmark.errors import ResultsError
from benchmark.record.names import experiment_name
from benchmark.record.record import RunRecord
from benchmark.record.store import record_path
from benchmark.record.weights import weights_path
from benchmark.report.answer import ALL_STUDIES, Answer, answer_from_records
from benchmark.report.captions import row_note
from benchmark.tracking.best_model import register, renew_best
from benchmark.tracking.mirror import Mirror
from models.registry import MODELS

if TYPE_CHECKING:
    from torch.jit import ScriptModule

    from benchmark.train.trainer import ScaledNetwork

USE = (
    "Input: float32 features (songs, frames, columns) of whole songs, as the dataset gives them."
    " Output: valence and arousal in [-1, 1] of every frame."
)


CHOSEN = (
    "It was chosen among {n} rows by its error on the very songs that the error is shown for, so"
    " this error is somewhat too low: a minimum over rows. Expect more on other songs."
)


def publish(mirror: Mirror, answer: Answer) -> list[Path]:
    """Register the winner of every table; return the folders of models that are new.

    Nothing happens where no weights were kept, as in a folder that was shared without them.
    """
    if not (mirror.results / "weights").is_dir():
        return []
    if answer.study != ALL_STUDIES and not answer.is_of_folder:
        answer = answer_from_records(mirror.results)
    return [path for table in newest(answer.tables) for path in _publish_winner(mirror, table)]


def newest(tables: Iterable[Table]) -> list[Table]:
    """Return for every registered name the table whose finished records started last."""
    found: dict[str, tuple[float, Table]] = {}
    for table in tables:
        cells = [cell for row in table.rows for cell in row.cells]
        if table.folds is not None or not cells:
            continue
        name = experiment_name(cells[0])
        started = max(float(cell.circumstances["started"]) for cell in cells)
        if name not in found or started > found[name][0]:
            found[name] = started, table
    return [table for _, table in found.values()]


def ranked(table: Table) -> list[Row]:
    """Return the rows that may win, best first; of equals the smaller comes first."""
    rows = [
        row
        for row in table.rows
        if row.is_complete
        and row.cells
        and not (row.is_floor or row.is_selected_on_evaluation or is_superseded(row.settings))
    ]
    return sorted(rows, key=lambda row: (row.scores["rmse_average"] or 0.0, row.parameters or 0))


def median_repetition(row: Row) -> RunRecord:
    """Return the repetition with the median error; of an even number the better of the two."""
    cells = sorted(row.cells, key=lambda cell: cell.scores["rmse_average"] or 0.0)
    return cells[(len(cells) - 1) // 2]


def _publish_winner(mirror: Mirror, table: Table) -> Iterator[Path]:
    """Register the best row that can be one module, unless it is registered as such already."""
    from benchmark.predict.torchscript import NotPortable

    passed_over: list[str] = []
    for row in ranked(table):
        record = median_repetition(row)
        name = experiment_name(record)
        note = _note(mirror.results, record, row, table, passed_over)
        if renew_best(mirror.client, mirror.results, name, record.cell, note):
            return
        try:
            module = exported(record, weights_path(mirror.results, record))
        except NotPortable as why:
            passed_over.append(f"{row.label({})} ({why})")
            continue
        except ResultsError:
            return  # the next best would be no winner
        yield register(
            mirror.client,
            mirror.results,
            name,
            module,
            np.zeros((2, 4, record.n_features), np.float32),
            cell=record.cell,
            run_id=mirror.parents.get(row.group),
            note=note,
            tags={"mer.model": record.model, "mer.dataset_digest": record.dataset_digest},
        )
        return


def exported(record: RunRecord, weights: Path) -> "ScriptModule":
    """Return a record's model as one module.

    Raises `NotPortable` where it is none by nature, `ResultsError` where it cannot be loaded.
    """
    from benchmark.predict.torchscript import NotPortable, portable

    entry = MODELS.get(record.model)
    if entry is None:
        raise ResultsError(f"The code of model '{record.model}' is not included.")
    if entry.kind != "network":
        raise NotPortable("more than one network")
    return portable(_loaded(weights))


def _loaded(weights: Path) -> "ScaledNetwork":
    """Return the network that a file of weights holds; whatever goes wrong is a `ResultsError`."""
    from benchmark.predict.predictor import restored
    from benchmark.record.weights import read_weights
    from benchmark.train.trainer import ScaledNetwork, SingleNetwork

    try:
        model = restored(read_weights(weights), weights, "cpu")
    except ResultsError:
        raise
    except Exception as error:  # any error of a user's model
        raise ResultsError(f"{weights} cannot be loaded ({error}). Train again.") from error
    assert isinstance(model, SingleNetwork)
    assert isinstance(model.fitted, ScaledNetwork)
    return model.fitted


def _note(
    results: Path, record: RunRecord, row: Row, table: Table, passed_over: Sequence[str]
) -> str:
    """Return what the registered model is, in Markdown."""
    median = record.scores["rmse_average"]
    rule = "Lowest pooled average RMSE"
    if passed_over:
        rule += f" after {', '.join(passed_over)}, which cannot be one module"
    else:
        rule += ", and so on the front of error against parameters"
    return "\n\n".join(
        (
            f"{rule}: {row_note(row, table)}",
            *([CHOSEN.format(n=n_rows)] if (n_rows := len(ranked(table))) > 1 else []),
            f"This is repetition {record.repetition}, the median of {row.n_cells}, with RMSE"
            f" {median:.3f}. Record: {record_path(results, record).relative_to(results)}",
            USE,
        )
    )
