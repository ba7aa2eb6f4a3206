"""Mirror: one experiment per dataset and feature set, a run per mean and, below it, per cell.

A record that is already there is not copied again, one that changed (a failure that was tried
again) replaces its copy, and a deleted database or folder of files is rebuilt. All of it is done
under the folder's lock (`writer`): nobody else writes, and a copy that is not whole was cut short.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from benchmark.record.names import experiment_name, short_name
from benchmark.record.places import place
from benchmark.record.record import RunRecord
from benchmark.record.store import record_path
from benchmark.tracking.database import ARTIFACTS, open_client
from benchmark.tracking.fields import (
    experiment_note,
    metrics,
    milliseconds,
    parameters,
    settings,
    started,
)
from benchmark.tracking.runs import (
    CELL_TAG,
    FILE_TAG,
    GROUP_TAG,
    KIND_TAG,
    NOTE_TAG,
    PARENT_TAG,
    Copy,
    copies,
    digest_of,
    experiment_id,
    log,
    log_curves,
    n_runs,
    restate,
    restore_experiments,
    with_logarithms,
)
from benchmark.tracking.views import UI, cell_views, colour_of_model, run_page


class Mirror:
    """An open MLflow store; knows which cells it already holds."""

    def __init__(self, results: Path) -> None:
        """Open nothing yet: that takes seconds, in which the first cells already train."""
        self.results = results
        self.experiments: dict[str, str] = {}
        self.means: dict[str, Copy] = {}  # by group
        self.copies: dict[str, Copy] = {}  # by cell
        self._n_runs = -1  # at the last look, and what was made since without mishap
        self._n_made = 0

    @cached_property
    def client(self) -> Any:
        """Open the database once; a new one is made."""
        return open_client(self.results)

    @property
    def parents(self) -> dict[str, str]:
        """Return the run of every group's mean."""
        return {group: mean.run_id for group, mean in self.means.items()}

    def refresh(self) -> None:
        """Learn what the database holds, if another process wrote to it since the last look.

        Copies cut short leave, and so do copies of what is there twice: two processes may have
        written without the lock.
        """
        client = self.client
        if n_runs(self.results) == self._n_runs:
            return
        restore_experiments(client)
        self.experiments.clear()
        self.means.clear()
        self.copies.clear()
        for copy in copies(self.results, "mean", "cell"):
            is_mean = copy.tags[KIND_TAG] == "mean"
            key = copy.tags.get(GROUP_TAG if is_mean else CELL_TAG)
            if key is None or not (is_mean or copy.is_whole):
                client.delete_run(copy.run_id)
                continue
            kept = self.means if is_mean else self.copies
            if key in kept:
                client.delete_run(kept[key].run_id)
            kept[key] = copy
        self._n_runs, self._n_made = n_runs(self.results), 0

    def copy(self, record: RunRecord) -> None:
        """Copy one record, its curves and its file; nothing happens where it already is."""
        if self._n_runs < 0:
            self.refresh()
        path = record_path(self.results, record)
        is_file = path.is_file()  # it may have gone since it was read
        content = path.read_bytes() if is_file else json.dumps(asdict(record)).encode()
        digest, name = digest_of(content), experiment_name(record)
        experiment = self._experiment(name, record)
        mean = self._mean(record, experiment)
        copy = self.copies.pop(record.cell, None)
        if copy is None or not _is_copy(copy, digest, mean):
            if copy is not None:
                self.client.delete_run(copy.run_id)
            self._reopen(mean)
            # another process may have replaced the record that this one trained
            copy = self._copy(RunRecord(**from_json(content)), digest, mean)
        if is_file and not self._file_of(name, copy, path).is_file():
            self.client.log_artifact(copy.run_id, str(path))
        if not copy.is_whole:
            self._end(record, copy.run_id)
        self.copies[record.cell] = replace(copy, is_whole=True)
        self._n_runs, self._n_made = self._n_runs + self._n_made, 0

    def summarise(
        self,
        group: str,
        scores: Mapping[str, float | None],
        costs: Mapping[str, float | int | None],
        figures: Iterable[Path],
        note: str,
    ) -> None:
        """Make a group's parent run say these means and no others, with their figures."""
        mean = self.means.get(group)
        if mean is None:
            return
        run_id = mean.run_id
        run = self.client.get_run(run_id)
        length = run.data.params.get("sequence_length", "")
        length_or_none = int(length) if length.isdecimal() else None
        colour = colour_of_model(run.data.tags["mer.model"], length_or_none)
        tags = {NOTE_TAG: note, **colour}
        for key, value in tags.items():
            if run.data.tags.get(key) != value:
                self.client.set_tag(run_id, key, value)
        for figure in figures:
            self.client.log_artifact(run_id, str(figure))
        values = {**scores, **with_logarithms(costs)}
        restate(self.client, self.results, run, values, milliseconds(costs))
        self.means[group] = replace(mean, is_whole=True)

    def addresses(self) -> dict[str, tuple[str, str]]:
        """Return the name of every group's run and where `ui` shows it."""
        runs = {group: self.client.get_run(run_id).info for group, run_id in self.parents.items()}
        return {
            group: (run.run_name, f"{UI}/{run_page(run.experiment_id, run.run_id)}")
            for group, run in runs.items()
        }

    def _experiment(self, name: str, record: RunRecord) -> str:
        """Return the experiment's id."""
        if name not in self.experiments:
            tags = cell_views() | {NOTE_TAG: experiment_note(record)}
            place(self.results, ARTIFACTS, name)  # no link leads the files of its runs elsewhere
            self.experiments[name] = experiment_id(self.client, self.results, name, tags)
        return self.experiments[name]

    def _mean(self, record: RunRecord, experiment: str) -> Copy:
        """Return the run that gathers the repetitions of this cell."""
        mean = self.means.get(record.group)
        if mean is not None and mean.experiment == experiment:
            return mean
        if mean is not None:  # its experiment had another name
            del self.means[record.group]
            self.client.delete_run(mean.run_id)
        length = "" if record.sequence_length is None else f"-L{record.sequence_length}"
        colour = colour_of_model(record.model, record.sequence_length)
        tags = {KIND_TAG: "mean", "mer.model": record.model, **colour}
        mean = self._run(record, experiment, tags, f"{record.model}{length}{settings(record)}")
        log(self.client, mean.run_id, parameters(record), {}, 0)
        self._log_dataset(mean.run_id, record)
        self.client.set_tag(mean.run_id, GROUP_TAG, record.group)  # last: now it is known
        mean = replace(mean, tags=tags | {GROUP_TAG: record.group})
        self.means[record.group] = mean
        return mean

    def _reopen(self, mean: Copy) -> None:
        """Say that a mean's cells have changed, until it is summarised."""
        if mean.is_whole:
            self.client.update_run(mean.run_id, status="RUNNING")
            self.means[mean.tags[GROUP_TAG]] = replace(mean, is_whole=False)

    def _copy(self, record: RunRecord, digest: str, mean: Copy) -> Copy:
        """Make the run of a cell, still without its file."""
        tags = {
            CELL_TAG: record.cell,
            GROUP_TAG: record.group,
            KIND_TAG: "cell",
            FILE_TAG: digest,
            PARENT_TAG: mean.run_id,
            "mer.model": record.model,
            "mer.status": record.status,
            "mlflow.source.git.commit": record.circumstances["environment"]["commit"],
        }
        copy = self._run(record, mean.experiment, tags, f"{record.name}{settings(record)}")
        at = started(record)
        log(self.client, copy.run_id, parameters(record), metrics(record), at)
        log_curves(self.client, copy.run_id, record, at)
        self._log_dataset(copy.run_id, record)
        return copy

    def _end(self, record: RunRecord, run_id: str) -> None:
        """Say that a copy is whole."""
        ended = started(record) + int(record.circumstances["total_seconds"] * 1000)
        status = "FINISHED" if record.status == "done" else "FAILED"
        self.client.set_terminated(run_id, status=status, end_time=ended)

    def _run(self, record: RunRecord, experiment: str, tags: dict[str, str], name: str) -> Copy:
        """Make a run; until it is ended it counts as cut short."""
        run = self.client.create_run(
            experiment, start_time=started(record), tags=tags, run_name=name[:250]
        )
        self._n_made += 1
        return Copy(run.info.run_id, experiment, False, tags)

    def _file_of(self, experiment: str, copy: Copy, path: Path) -> Path:
        """Return where MLflow keeps the copy of a record's file."""
        return self.results / ARTIFACTS / experiment / copy.run_id / "artifacts" / path.name

    def _log_dataset(self, run_id: str, record: RunRecord) -> None:
        """Name the dataset and its digest as the run's input."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(
            name=short_name(record.dataset, record.features),
            digest=record.dataset_digest[:36],
            source_type="code",
            source=json.dumps({"dataset": record.dataset, "labels": record.labels}),
        )
        tags = [InputTag("mlflow.data.context", "development and evaluation")]
        self.client.log_inputs(run_id, datasets=[DatasetInput(dataset, tags)])


def _is_copy(copy: Copy, digest: str, mean: Copy) -> bool:
    """Tell whether a copy says what the record's file says, below the right mean."""
    return (
        copy.tags.get(FILE_TAG) == digest
        and copy.tags.get(PARENT_TAG) == mean.run_id
        and copy.experiment == mean.experiment
    )
