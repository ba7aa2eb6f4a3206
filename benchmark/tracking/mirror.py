"""Mirror: makes the runs of a store say what entries say, of records and searches alike.

A run that says so already is left alone, one cut short is completed, and one that says something
else is emptied or replaced: MLflow's client changes no parameter and removes no value. Two runs of
one key, written by two who did not know of each other, become one, the same for both.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.tracking.entry import (
    FILE_TAG,
    GROUP_TAG,
    KIND_TAG,
    PARENT_TAG,
    Copy,
    Entry,
    Kind,
)
from benchmark.tracking.store import FolderStore, Store
from benchmark.tracking.views import UI, run_page

if TYPE_CHECKING:
    from mlflow import MlflowClient

LONGEST = 6000  # characters of a parameter; MLflow takes no more
MOST_METRICS, MOST_PARAMS = 900, 100  # in a batch; MLflow takes 1000 of everything, 100 of these
LONGEST_NAME = 250  # characters of a run's name


class Mirror:
    """The runs of a store, as last seen; whoever calls makes sure that it may write."""

    def __init__(self, results: Path, store: Store | None = None) -> None:
        """Open nothing yet: that takes seconds, in which the first cells already train."""
        self.results, self.store = results, store or FolderStore(results)
        self.is_local = store is None
        self.copies: dict[tuple[str, ...], Copy] = {}  # by key
        self.means: dict[str, Entry] = {}  # by group, of the cells that were copied
        self.n_made = 0
        self._experiments: dict[str, str] = {}  # their ids
        self._blank: set[str] = set()  # runs made here that say nothing yet
        self._n_runs: int | None = None  # None: look again, as after a mishap

    @property
    def client(self) -> "MlflowClient":
        """Return MLflow's client."""
        return self.store.client

    def refresh(self) -> None:
        """Learn what the store holds, if it is not known or others wrote since the last look."""
        _ = self.client  # makes the database
        if self._n_runs is not None and self.store.n_runs(self._n_runs) == self._n_runs:
            return
        self._experiments.clear()
        self.copies.clear()
        self._learn(self.store.copies(None))
        self._n_runs = self.store.n_runs(0)

    def forget(self) -> None:
        """Look again before the next write."""
        self._n_runs = None

    def has(self, kind: Kind, key: str, digest: str) -> bool:
        """Tell whether there is a whole run of what has this digest."""
        copy = self.copies.get((kind, key, ""))
        return copy is not None and copy.is_whole and copy.digest == digest

    def put(self, entry: Entry) -> Copy:
        """Make a run say what an entry says."""
        if self._n_runs is None:
            self.refresh()
        n_runs, self._n_runs, n_made = self._n_runs or 0, None, self.n_made
        copy = self._put(entry)
        self._n_runs = n_runs + self.n_made - n_made
        return copy

    def remove(self, copy: Copy) -> None:
        """Delete a run."""
        self.copies.pop(copy.key, None)
        self.client.delete_run(copy.run_id)

    def addresses(self) -> dict[str, tuple[str, str]]:
        """Return the name of every group's run and where `ui` shows it."""
        runs = {group: self.client.get_run(run_id).info for group, run_id in self.parents.items()}
        return {
            group: (run.run_name, f"{UI}/{run_page(run.experiment_id, run.run_id)}")
            for group, run in runs.items()
        }

    @property
    def parents(self) -> dict[str, str]:
        """Return the run of every group's mean."""
        means = [copy for copy in self.copies.values() if copy.tags[KIND_TAG] == "mean"]
        return {copy.tags[GROUP_TAG]: copy.run_id for copy in means}

    def experiment(self, entry: Entry) -> str:
        """Return the id of an entry's experiment; at the first question, see to its tags."""
        name = entry.experiment
        if name not in self._experiments:
            found = self.client.get_experiment_by_name(name)
            location, tags = self.store.location(name), dict(entry.about())
            if found is None:
                number = str(self.client.create_experiment(name, location, tags))
            else:
                number = str(found.experiment_id)
                if found.lifecycle_stage == "deleted":  # it would take no more runs
                    self.client.restore_experiment(number)
                for key, value in tags.items():
                    if found.tags.get(key) != value:
                        self.client.set_experiment_tag(number, key, value)
            self._experiments[name] = number
            self._learn(self.store.copies(number))
        return self._experiments[name]

    def _learn(self, copies: list[Copy]) -> None:
        """Note what is there; of two copies of one thing one leaves, the same for all who look."""
        for copy in copies:
            if not copy.key:
                continue
            twin = self.copies.get(copy.key, copy)
            first, second = sorted((copy, twin), key=lambda copy: copy.run_id)
            if first.run_id != second.run_id:
                self.client.delete_run(second.run_id)
            self.copies[copy.key] = first

    def _put(self, entry: Entry) -> Copy:
        parent = self._parent(entry)
        copy = self._found(entry)
        if copy and copy.digest == entry.digest and (copy.is_whole or self.store.is_shared):
            if parent and copy.parent != parent.run_id:
                copy = self._move(copy, parent.run_id)
            if copy.is_whole:
                for path in entry.files:
                    if self.store.lacks(copy, entry.experiment, path):
                        self.store.keep(copy, entry.experiment, path)
                return copy
        elif copy:
            copy = self._changed(copy, entry, parent)
        with self.store.together():
            return self._fill(copy or self._replace(None, entry, parent), entry, parent)

    def _fill(self, copy: Copy, entry: Entry, parent: Copy | None) -> Copy:
        """Make a run whole."""
        if parent:  # until it is summarised again
            self._reopen(parent)
        started = entry.started or self.client.get_run(copy.run_id).info.start_time
        tags, end = self._tags(entry), (entry.status, started + entry.milliseconds)
        if not self.store.is_shared:  # faster while it says little, and written as a whole
            self.client.set_terminated(copy.run_id, *end)
        self._log(copy.run_id, entry, started, {} if copy.digest == entry.digest else tags)
        for path in entry.files:
            self.store.keep(copy, entry.experiment, path)
        if self.store.is_shared:  # by this others know that it is whole
            self.client.set_terminated(copy.run_id, *end)
        self._blank.discard(copy.run_id)
        copy = replace(copy, is_whole=True, tags={**copy.tags, **tags})
        self.copies[copy.key] = copy
        return copy

    def _parent(self, entry: Entry) -> Copy | None:
        """Return the run above an entry's."""
        above = entry.parent
        if above is None:
            return None
        copy = self._found(above)
        return self._replace(None, above, None) if copy is None else copy

    def _found(self, entry: Entry) -> Copy | None:
        """Return the copy of an entry; one in an experiment of another name is none."""
        copy = self.copies.get(Copy("", self.experiment(entry), False, self._tags(entry)).key)
        if copy is not None and copy.experiment != self.experiment(entry):
            self.remove(copy)
            return None
        return copy

    def _changed(self, copy: Copy, entry: Entry, parent: Copy | None) -> Copy:
        """Return a run that takes what an entry says, instead of what a copy says."""
        if parent is None:  # what lies below it stays
            copy = self._reopen(copy)
            if copy.run_id in self._blank or self.store.empty(copy):
                return copy
        if parent or copy.digest:
            return self._replace(copy, entry, parent)
        return copy  # nothing was said yet

    def _reopen(self, copy: Copy) -> Copy:
        """Say that a run does not say what it should."""
        if copy.is_whole:
            self.client.update_run(copy.run_id, status="RUNNING")
            copy = replace(copy, is_whole=False)
            self.copies[copy.key] = copy
        return copy

    def _replace(self, old: Copy | None, entry: Entry, parent: Copy | None) -> Copy:
        """Make a run; what was below the old one is then below this."""
        tags = self._tags(entry) | ({PARENT_TAG: parent.run_id} if parent else {})
        experiment = self.experiment(entry)
        run = self.client.create_run(
            experiment, entry.started, tags=tags, run_name=entry.name[:LONGEST_NAME]
        )
        self.n_made += 1
        self._blank.add(run.info.run_id)
        copy = Copy(run.info.run_id, experiment, False, tags)
        if old is not None:
            for child in [one for one in self.copies.values() if one.parent == old.run_id]:
                self._move(child, copy.run_id)
            self.remove(old)
        self.copies[copy.key] = copy
        return copy

    def _move(self, copy: Copy, parent: str) -> Copy:
        """Put a run below another one."""
        self.client.set_tag(copy.run_id, PARENT_TAG, parent)
        moved = replace(copy, tags={**copy.tags, PARENT_TAG: parent})
        self.copies[copy.key] = moved
        return moved

    def _tags(self, entry: Entry) -> dict[str, str]:
        digest = {FILE_TAG: entry.digest} if entry.digest else {}
        return {KIND_TAG: entry.kind, **entry.tags, **digest}

    def _log(self, run_id: str, entry: Entry, at: int, tags: dict[str, str]) -> None:
        """Write parameters, metrics that are defined, curves and tags in as few calls as can be."""
        from mlflow.entities import Metric, Param, RunTag

        defined = {key: float(x) for key, x in entry.metrics.items() if x is not None}
        metrics = [Metric(key, value, at, 0) for key, value in defined.items()]
        metrics += [Metric(key, value, at, step) for key, value, step in entry.curves]
        params = [Param(key, str(value)[:LONGEST]) for key, value in entry.params.items()]
        labels = [RunTag(*tag) for tag in tags.items()]
        while metrics or params or labels:
            first = params[:MOST_PARAMS]
            n_metrics = MOST_METRICS - len(first)
            self.client.log_batch(run_id, metrics[:n_metrics], first, labels)
            metrics, params, labels = metrics[n_metrics:], params[MOST_PARAMS:], []
        if entry.dataset is not None:
            self.client.log_inputs(run_id, datasets=[_dataset_input(entry)])


def _dataset_input(entry: Entry) -> Any:
    """Return a dataset and its digest as a run's input."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    assert entry.dataset is not None
    dataset = Dataset(
        entry.dataset.name, entry.dataset.digest[:36], source_type="code",
        source=entry.dataset.source,
    )  # fmt: skip
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "development and evaluation")])
