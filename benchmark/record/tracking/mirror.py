"""Mirror: one experiment per dataset and feature set, a run per mean and, below it, per cell.

A record that is already there is not copied again, one that changed (a failure that was tried
again) replaces its copy, and a deleted database is rebuilt.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.plan.config import as_text, defaults
from benchmark.record.record import RunRecord
from benchmark.record.store import record_path
from benchmark.record.tracking.database import (
    CELL_TAG,
    FILE_TAG,
    GROUP_TAG,
    KIND_TAG,
    NOTE_TAG,
    experiment_id,
    log,
    log_curves,
    metric_name,
    open_client,
    restate,
    runs_of,
    with_logarithms,
)
from benchmark.record.tracking.views import UI, cell_views, colour_of_model, run_page
from datasets.registry import DATASETS

LAYOUT = 2  # raise it when copies of the same records would look different
HOW_TO_READ = (  # short lines: the UI shows the beginning of a description
    "Trade-off: *Views*, *RMSE against parameters*, chart icon.\n\n"
    "A cost of 0, as a constant's multiply-adds, has no logarithm and so no point."
)


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
        digest = hashlib.sha256(b"%d" % LAYOUT + path.read_bytes()).hexdigest()
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
        name = f"{record.name}{_settings(record)}"[:250]
        run = self.client.create_run(experiment, start_time=started, tags=tags, run_name=name)
        run_id = run.info.run_id
        log(self.client, run_id, _parameters(record), _metrics(record), started)
        log_curves(self.client, run_id, record, started)
        self._log_dataset(run_id, record)
        self.client.log_artifact(run_id, str(path))
        ended = started + int(record.circumstances["total_seconds"] * 1000)
        status = "FINISHED" if record.status == "done" else "FAILED"
        self.client.set_terminated(run_id, status=status, end_time=ended)
        self.copies[record.cell] = digest, run_id

    def summarise(
        self,
        group: str,
        scores: Mapping[str, float | None],
        costs: Mapping[str, float | int | None],
        figures: Iterable[Path],
        note: str,
    ) -> None:
        """Make a group's parent run say these means and no others, with their figures."""
        run_id = self.parents.get(group)
        if run_id is None:
            return
        run = self.client.get_run(run_id)
        length = run.data.params["sequence_length"]
        length_or_none = int(length) if length.isdecimal() else None
        colour = colour_of_model(run.data.tags["mer.model"], length_or_none)
        tags = {NOTE_TAG: note, **colour}
        for key, value in tags.items():
            if run.data.tags.get(key) != value:
                self.client.set_tag(run_id, key, value)
        for figure in figures:
            self.client.log_artifact(run_id, str(figure))
        means = {**scores, **with_logarithms(costs)}
        restate(self.client, self.results, run, means, _milliseconds(costs))

    def addresses(self) -> dict[str, tuple[str, str]]:
        """Return the name of every group's run and where `ui` shows it."""
        runs = {group: self.client.get_run(run_id).info for group, run_id in self.parents.items()}
        return {
            group: (run.run_name, f"{UI}/{run_page(run.experiment_id, run.run_id)}")
            for group, run in runs.items()
        }

    def _experiment(self, record: RunRecord) -> str:
        """Return the experiment's id; on first sight learn what it already holds."""
        name = experiment_name(record)
        if name not in self.experiments:
            tags = cell_views() | {NOTE_TAG: _experiment_note(record)}
            self.experiments[name] = experiment_id(self.client, self.results, name, tags)
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
            run = self.client.create_run(
                experiment,
                start_time=int(record.circumstances["started"] * 1000),
                tags={
                    GROUP_TAG: record.group,
                    KIND_TAG: "mean",
                    "mer.model": record.model,
                    **colour_of_model(record.model, record.sequence_length),
                },
                run_name=f"{record.model}{length}{_settings(record)}"[:250],
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


def experiment_name(record: RunRecord) -> str:
    """Return the experiment a record belongs to: dataset, its options, features, folds."""
    of_all = "-all" if record.folds_over == "all" else ""
    folds = f"-{record.folds}fold{of_all}" if record.folds else ""
    return "-".join([record.dataset, *_options(record), record.features]) + folds


def _options(record: RunRecord) -> list[str]:
    """Return the dataset's options: names and whole numbers always, others where not default."""
    entry = DATASETS.get(record.dataset)
    usual = defaults(entry.resolve(entry.options)) if entry else {}
    return [
        str(value) if is_name else f"{key}={as_text(value)}"
        for key, value in record.dataset_options.items()
        if (is_name := type(value) in (str, int)) or key not in usual or usual[key] != value
    ]


def _experiment_note(record: RunRecord) -> str:
    """Return what the experiment is, in Markdown."""
    entry = DATASETS.get(record.dataset)
    caveat = f": **{entry.caveat}**" if entry and entry.caveat else ""
    songs = ", ".join(f"{count} {side} songs" for side, count in record.n_songs.items())
    return f"Dataset {record.dataset}{caveat} ({record.features}; {songs}).\n\n{HOW_TO_READ}"


def _settings(record: RunRecord) -> str:
    """Return what differs from the defaults, as the end of a run's name."""
    return "".join(f" {key}={value}" for key, value in record.settings.items())


def _milliseconds(costs: Mapping[str, float | int | None]) -> int:
    """Return how long all cells of a mean trained."""
    return int(1000 * (costs.get("train_seconds") or 0.0) * (costs.get("n_cells") or 0))


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


def _metrics(record: RunRecord) -> dict[str, float | int | None]:
    """Return scores and costs."""
    costs = {name: record.circumstances.get(name) for name in ("train_seconds", "predict_seconds")}
    return {
        **record.scores,
        **{
            f"training_{key}": value
            for key, value in record.training_scores.items()
            if key.startswith("rmse")
        },
        **{
            f"components/{metric_name(name)}/{key}": value
            for name, scores in record.components.items()
            for key, value in scores.items()
            if key.startswith("rmse")
        },
        **with_logarithms({"n_parameters": record.n_parameters, "flops": record.flops, **costs}),
        "peak_memory_bytes": record.circumstances.get("peak_memory_bytes"),
        "repetition": record.repetition,
    }
