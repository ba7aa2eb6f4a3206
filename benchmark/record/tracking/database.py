"""The MLflow database of a results folder: open it, repair it after a move, write to it."""

import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ResultsError
from benchmark.record.record import RunRecord
from benchmark.record.tracking.views import TRADE_OFF, TRIALS, VIEW_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
LOCK_SECONDS = 60  # another process may be writing
CELL_TAG, GROUP_TAG, KIND_TAG, FILE_TAG = "mer.cell", "mer.group", "mer.kind", "mer.record"
NOTE_TAG = "mlflow.note.content"  # the description that the UI shows
PLACES = (  # where MLflow keeps absolute addresses of files
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def store_uri(results: Path) -> str:
    """Return the address of the results folder's MLflow database."""
    return f"sqlite:///{(results / DATABASE).absolute()}"


def artifacts_uri(results: Path) -> str:
    """Return the address of the folder that holds the files of all runs."""
    return (results / ARTIFACTS).absolute().as_uri()


def open_client(results: Path) -> "MlflowClient":
    """Open the results folder's database; a new one is made, a moved one repaired."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    repair_moved(results)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow's own deprecations
        from mlflow import MlflowClient

        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.ERROR)
        client = MlflowClient(tracking_uri=store_uri(results))
        client.search_experiments(max_results=1)
    return client


def repair_moved(results: Path) -> bool:
    """Point a database that was copied or moved here at the files beside it; tell if it was."""
    path = results / DATABASE
    if not path.is_file() or path.stat().st_size == 0:
        return False
    here = artifacts_uri(results)
    with _tables(results) as database:
        rows = database.execute("SELECT name, artifact_location FROM experiments").fetchall()
        elsewhere = {
            location.removesuffix(f"/{name}")
            for name, location in rows
            if location.endswith(f"/{ARTIFACTS}/{name}")
        } - {here}
        for there in elsewhere:
            for table, column in PLACES:
                database.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?)"
                    f" WHERE {column} LIKE ? ESCAPE '\\'",
                    (here, len(there) + 1, f"{_literal(there)}/%"),
                )
    return bool(elsewhere)


@contextmanager
def _tables(results: Path) -> Iterator[sqlite3.Connection]:
    """Open MLflow's own tables, in one transaction, for what its client cannot do."""
    path = results / DATABASE
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as database, database:
            yield database
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (  # the low byte is the kind
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        ):
            raise ResultsError(
                f"Another process is writing to MLflow database {path} ({error}). Try again when"
                " it has ended."
            ) from error
        raise ResultsError(
            f"MLflow database {path} is damaged ({error}). Remove it; `report` rebuilds it from"
            " the records."
        ) from error


def _literal(text: str) -> str:
    """Return text that LIKE takes as it is."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text


def experiment_id(client: "MlflowClient", results: Path, name: str, tags: Mapping[str, str]) -> str:
    """Return an experiment by name, with these tags; a new one keeps its files in the folder."""
    found = client.get_experiment_by_name(name)
    if found is None:
        location = f"{artifacts_uri(results)}/{name}"
        return str(client.create_experiment(name, artifact_location=location, tags=dict(tags)))
    for key, value in tags.items():
        if found.tags.get(key) != value:
            client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)


def experiments(client: "MlflowClient") -> list[tuple[str, str, str]]:
    """Return name, id and first saved view of every experiment that has views."""
    found = []
    for one in client.search_experiments(order_by=["name"]):
        views = [key for key in (TRADE_OFF, TRIALS) if VIEW_TAG + key in one.tags]
        found += [(one.name, str(one.experiment_id), view) for view in views]
    return found


def runs_of(client: "MlflowClient", experiment: str) -> Iterator["Run"]:
    """Yield every run of an experiment."""
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token, max_results=1000)
        yield from page
        token = page.token
        if not token:
            return


def log(
    client: "MlflowClient",
    run_id: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float | int | None],
    at: int,
) -> None:
    """Write parameters and the metrics that are defined in one go; `at` in milliseconds."""
    from mlflow.entities import Metric, Param

    client.log_batch(
        run_id,
        params=[Param(key, str(value)) for key, value in params.items()],
        metrics=[Metric(key, value, at, 0) for key, value in _defined(metrics).items()],
    )


def restate(
    client: "MlflowClient",
    results: Path,
    run: "Run",
    metrics: Mapping[str, float | int | None],
    milliseconds: int,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Make these a run's only metrics, and its parameters if given, and say how long it took.

    Nothing is written where the run says so already. MLflow's client removes no value, and of two
    metrics logged at one time shows the higher: so what was said before leaves its tables.
    """
    run_id, started = run.info.run_id, run.info.start_time
    is_same = run.data.metrics == _defined(metrics)
    if params is not None:
        is_same &= run.data.params == {key: str(value) for key, value in params.items()}
    if not is_same:
        with _tables(results) as database:
            for table in ("metrics", "latest_metrics", *(() if params is None else ("params",))):
                database.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))
        log(client, run_id, params or {}, metrics, started)
    ended = started + milliseconds
    if (run.info.status, run.info.end_time) != ("FINISHED", ended):
        client.set_terminated(run_id, end_time=ended)


def _defined(metrics: Mapping[str, float | int | None]) -> dict[str, float]:
    """Return the metrics that have a value."""
    return {key: float(value) for key, value in metrics.items() if value is not None}


def log_curves(client: "MlflowClient", run_id: str, record: RunRecord, at: int) -> None:
    """Write the learning curves in batches of a thousand points."""
    from mlflow.entities import Metric

    prefix = "" if len(record.curves) == 1 else "{network}/"
    points = [
        Metric(f"{prefix.format(network=metric_name(network))}{name}", value, at, epoch)
        for network, curve in record.curves.items()
        for name in ("training_loss", "validation_rmse")
        for epoch, value in enumerate(curve[name], start=1)
    ]
    for first in range(0, len(points), 1000):
        client.log_batch(run_id, metrics=points[first : first + 1000])


def with_logarithms(costs: Mapping[str, float | int | None]) -> dict[str, float | int | None]:
    """Return costs and, for MLflow's charts, whose axes are linear, their logarithms.

    `n_parameters` gives `log10_parameters`; a cost of nothing has no logarithm.
    """
    return {
        **costs,
        **{f"log10_{key.removeprefix('n_')}": log10(one) for key, one in costs.items() if one},
    }


def metric_name(name: str) -> str:
    """Return a name that MLflow accepts for a metric."""
    return "".join(character if character.isalnum() else "_" for character in name)
