"""Copy records to MLflow (only door to mlflow).

One experiment per dataset and feature set; in it one parent run per model, settings and length,
and a child run per cell. A record that is already there is not copied again, one that changed
(a failure that was tried again) replaces its copy, and a deleted database is rebuilt.
"""

import hashlib
import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.record.record import RunRecord
from benchmark.record.store import record_path

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
UI = "http://127.0.0.1:5000"  # where `ui` shows a store unless told otherwise
CELL_TAG, GROUP_TAG, KIND_TAG, FILE_TAG = "mer.cell", "mer.group", "mer.kind", "mer.record"


def store_uri(results: Path) -> str:
    """Return the address of the results folder's MLflow database."""
    return f"sqlite:///{(results / DATABASE).absolute()}"


def open_client(results: Path) -> "MlflowClient":
    """Open the results folder's database; a new one is made."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow's own deprecations
        from mlflow import MlflowClient

        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.ERROR)
        client = MlflowClient(tracking_uri=store_uri(results))
        client.search_experiments(max_results=1)
    return client


def experiment_id(client: "MlflowClient", results: Path, name: str) -> str:
    """Return an experiment by name; a new one keeps its artifacts in the results folder."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = (results / ARTIFACTS / name).absolute().as_uri()
    return str(client.create_experiment(name, artifact_location=location))


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
    metrics: Mapping[str, float],
    at: int,
) -> None:
    """Write parameters and metrics of a run in one go; `at` in milliseconds."""
    from mlflow.entities import Metric, Param

    client.log_batch(
        run_id,
        params=[Param(key, str(value)) for key, value in params.items()],
        metrics=[Metric(key, float(value), at, 0) for key, value in metrics.items()],
    )


def log_curves(client: "MlflowClient", run_id: str, record: RunRecord, at: int) -> None:
    """Write the learning curves in batches of a thousand points."""
    from mlflow.entities import Metric

    prefix = "" if len(record.curves) == 1 else "{network}/"
    points = [
        Metric(f"{prefix.format(network=_safe(network))}{name}", value, at, epoch)
        for network, curve in record.curves.items()
        for name in ("training_loss", "validation_rmse")
        for epoch, value in enumerate(curve[name], start=1)
    ]
    for first in range(0, len(points), 1000):
        client.log_batch(run_id, metrics=points[first : first + 1000])


class Mirror:
    """An open MLflow store; knows which cells it already holds."""

    def __init__(self, results: Path) -> None:
        """Open nothing yet: that takes seconds, in which the first cells already train."""
        self.results = results
        self.experiments: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.copies: dict[str, tuple[str, str]] = {}  # cell -> digest of its record, run id

    @cached_property
    def client(self) -> Any:
        """Open the database once; a new one is made."""
        return open_client(self.results)

    def copy(self, record: RunRecord) -> None:
        """Copy one record, its curves and its file; nothing happens where it already is."""
        experiment = self._experiment(record)
        path = record_path(self.results, record)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        copied, old_run = self.copies.get(record.cell, ("", ""))
        if copied == digest:
            return
        if old_run:
            self.client.delete_run(old_run)
        parent = self._parent(record, experiment)
        tags = {
            CELL_TAG: record.cell,
            GROUP_TAG: record.group,
            KIND_TAG: "cell",
            FILE_TAG: digest,
            "mlflow.parentRunId": parent,
            "mer.model": record.model,
            "mer.status": record.status,
            "mlflow.source.git.commit": record.circumstances["environment"]["commit"],
        }
        started = int(record.circumstances["started"] * 1000)
        run = self.client.create_run(
            experiment, start_time=started, tags=tags, run_name=record.name
        )
        run_id = run.info.run_id
        log(self.client, run_id, _parameters(record), _metrics(record), started)
        log_curves(self.client, run_id, record, started)
        self._log_dataset(run_id, record)
        self.client.log_artifact(run_id, str(path))
        ended = started + int(record.circumstances["total_seconds"] * 1000)
        status = "FINISHED" if record.status == "done" else "FAILED"
        self.client.set_terminated(run_id, status=status, end_time=ended)
        self.copies[record.cell] = digest, run_id

    def summarise(self, group: str, metrics: Mapping[str, Any], figures: Iterable[Path]) -> None:
        """Write a group's means to its parent run, with the figures that show them."""
        run_id = self.parents.get(group)
        if run_id is None:
            return
        started = self.client.get_run(run_id).info.start_time
        metrics = {**metrics, **sizes(metrics.get("n_parameters"))}
        defined = {key: float(value) for key, value in metrics.items() if value is not None}
        log(self.client, run_id, {}, defined, started)
        for figure in figures:
            self.client.log_artifact(run_id, str(figure))
        seconds = defined.get("train_seconds", 0.0) * defined.get("n_cells", 0.0)
        self.client.set_terminated(run_id, end_time=started + int(1000 * seconds))

    def addresses(self) -> dict[str, tuple[str, str]]:
        """Return the name of every group's run and where `ui` shows it."""
        runs = {group: self.client.get_run(run_id).info for group, run_id in self.parents.items()}
        return {
            group: (run.run_name, f"{UI}/#/experiments/{run.experiment_id}/runs/{run.run_id}")
            for group, run in runs.items()
        }

    def _experiment(self, record: RunRecord) -> str:
        """Return the experiment's id; on first sight learn what it already holds."""
        options = "".join(f"-{value}" for value in record.dataset_options.values())
        folds = f"-{record.folds}fold" if record.folds else ""
        name = f"{record.dataset}{options}-{record.features}{folds}"
        if name not in self.experiments:
            self.experiments[name] = experiment_id(self.client, self.results, name)
            self._learn(self.experiments[name])
        return self.experiments[name]

    def _learn(self, experiment: str) -> None:
        """Read which cells and parents an experiment holds; copies cut short are removed."""
        for run in runs_of(self.client, experiment):
            tags = run.data.tags
            if tags.get(KIND_TAG) == "mean":
                self.parents[tags[GROUP_TAG]] = run.info.run_id
            elif CELL_TAG in tags and run.info.status == "RUNNING":
                self.client.delete_run(run.info.run_id)
            elif CELL_TAG in tags:
                self.copies[tags[CELL_TAG]] = tags[FILE_TAG], run.info.run_id

    def _parent(self, record: RunRecord, experiment: str) -> str:
        """Return the run that gathers the repetitions of this cell."""
        if record.group not in self.parents:
            length = "" if record.sequence_length is None else f"-L{record.sequence_length}"
            settings = "".join(f" {key}={value}" for key, value in record.settings.items())
            run = self.client.create_run(
                experiment,
                start_time=int(record.circumstances["started"] * 1000),
                tags={GROUP_TAG: record.group, KIND_TAG: "mean", "mer.model": record.model},
                run_name=f"{record.model}{length}{settings}"[:250],
            )
            log(self.client, run.info.run_id, _parameters(record), {}, 0)
            self._log_dataset(run.info.run_id, record)
            self.parents[record.group] = run.info.run_id
        return self.parents[record.group]

    def _log_dataset(self, run_id: str, record: RunRecord) -> None:
        """Name the dataset and its digest as the run's input."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(
            name=f"{record.dataset}-{record.features}",
            digest=record.dataset_digest[:36],
            source_type="code",
            source=f'{{"dataset": "{record.dataset}", "labels": "{record.labels}"}}',
        )
        tags = [InputTag("mlflow.data.context", "development and evaluation")]
        self.client.log_inputs(run_id, datasets=[DatasetInput(dataset, tags)])


def _parameters(record: RunRecord) -> dict[str, Any]:
    """Return what decided the outcome, as MLflow's text parameters."""
    return {
        "model": record.model,
        "dataset": record.dataset,
        "features": record.features,
        "labels": record.labels,
        "sequence_length": record.sequence_length,
        "base_seed": record.base_seed,
        "dataset_digest": record.dataset_digest,
        **{f"config.{key}": value for key, value in record.config.items()},
        **{f"training.{key}": value for key, value in record.training.items()},
        **{f"protocol.{key}": value for key, value in record.protocol.items()},
    }


def _metrics(record: RunRecord) -> dict[str, float]:
    """Return scores and costs, those that are defined."""
    metrics = dict(record.scores)
    metrics |= {f"training_{key}": value for key, value in record.training_scores.items()
                if key.startswith("rmse")}  # fmt: skip
    metrics |= {
        f"components/{_safe(name)}/{key}": value
        for name, scores in record.components.items()
        for key, value in scores.items()
        if key.startswith("rmse")
    }
    metrics |= sizes(record.n_parameters)
    metrics["flops"] = record.flops
    for name in ("train_seconds", "predict_seconds", "peak_memory_bytes"):
        metrics[name] = record.circumstances.get(name)
    metrics["repetition"] = record.repetition
    return {key: float(value) for key, value in metrics.items() if value is not None}


def sizes(n_parameters: float | None) -> dict[str, float | None]:
    """Return the parameter count, and its logarithm for MLflow's charts, whose axes are linear."""
    if n_parameters is None:
        return {}
    return {"n_parameters": n_parameters, "log10_parameters": log10(n_parameters)}


def _safe(name: str) -> str:
    """Return a name that MLflow accepts for a metric."""
    return "".join(character if character.isalnum() else "_" for character in name)
