"""Experiments and runs of MLflow: find them; write parameters, metrics and curves in few calls."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.record.record import RunRecord
from benchmark.tracking.database import artifacts_uri, tables
from benchmark.tracking.views import TRADE_OFF, TRIALS, VIEW_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

CELL_TAG, GROUP_TAG, KIND_TAG, FILE_TAG = "mer.cell", "mer.group", "mer.kind", "mer.record"
PARENT_TAG = "mlflow.parentRunId"
LONGEST = 6000  # characters of a parameter; MLflow takes no more
LAYOUT = 2  # raise it when copies of the same records would look different
NOTE_TAG = "mlflow.note.content"  # the description that the UI shows


def digest_of(content: bytes) -> str:
    """Return the digest of a record's file, by which a copy is known to be up to date."""
    return hashlib.sha256(b"%d" % LAYOUT + content).hexdigest()


@dataclass(frozen=True)
class Copy:
    """A run that this suite made, with the tags that this suite gave it."""

    run_id: str
    experiment: str
    is_whole: bool  # False: cut short, or a mean whose cells have changed
    tags: dict[str, str]


def copies(results: Path, *kinds: str) -> list[Copy]:
    """Return the runs of these kinds, oldest first; MLflow's client takes a minute for thousands.

    Who holds the folder's lock knows that a copy that is not whole is nobody's any more.
    """
    found: dict[str, Copy] = {}
    with tables(results) as database:
        rows = database.execute(
            "SELECT runs.run_uuid, experiment_id, status, tags.key, tags.value"
            " FROM runs JOIN tags USING (run_uuid)"
            " WHERE lifecycle_stage = 'active' AND (tags.key LIKE 'mer.%' OR tags.key = ?)"
            " ORDER BY runs.rowid",
            (PARENT_TAG,),
        )
        for run_id, experiment, status, key, value in rows:
            copy = found.setdefault(run_id, Copy(run_id, str(experiment), status != "RUNNING", {}))
            copy.tags[key] = value
    return [copy for copy in found.values() if copy.tags.get(KIND_TAG) in kinds]


def n_runs(results: Path) -> int:
    """Return how many runs were ever made; it grows when another process copies something."""
    with tables(results) as database:
        return int(database.execute("SELECT coalesce(max(rowid), 0) FROM runs").fetchone()[0])


def restore_experiments(client: "MlflowClient") -> None:
    """Bring back experiments of ours that were deleted in the UI: they take no more runs."""
    from mlflow.entities import ViewType

    for one in client.search_experiments(view_type=ViewType.DELETED_ONLY):
        if any(key.startswith(VIEW_TAG) for key in one.tags):
            client.restore_experiment(one.experiment_id)


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
        params=[Param(key, text) for key, text in _texts(params).items()],
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
        is_same &= run.data.params == _texts(params)
    if not is_same:
        with tables(results) as database:
            for table in ("metrics", "latest_metrics", *(() if params is None else ("params",))):
                database.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))
        log(client, run_id, params or {}, metrics, started)
    ended = started + milliseconds
    if (run.info.status, run.info.end_time) != ("FINISHED", ended):
        client.set_terminated(run_id, end_time=ended)


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as MLflow keeps them."""
    return {key: str(value)[:LONGEST] for key, value in params.items()}


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
