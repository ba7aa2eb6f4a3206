"""A store of runs: the results folder's own database, read directly where MLflow's client is slow.

Whoever writes holds the folder's lock (`writer`). `server` has the store of a tracking server.
"""

import filecmp
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmark.record.places import place
from benchmark.tracking.database import (
    ARTIFACTS,
    artifacts_uri,
    one_transaction,
    open_client,
    tables,
)
from benchmark.tracking.entry import KIND_TAG, PARENT_TAG, Copy
from benchmark.tracking.views import TRADE_OFF, TRIALS, VIEW_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient


class Store(Protocol):
    """Where a mirror keeps its runs."""

    @property
    def is_shared(self) -> bool:
        """Tell whether others may be writing at this moment."""

    @property
    def client(self) -> "MlflowClient":
        """Return MLflow's client, opened at first use: that takes seconds."""

    def n_runs(self, expected: int) -> int:
        """Return how many runs were ever made; others wrote where it is not as expected."""

    def copies(self, experiment: str | None) -> list[Copy]:
        """Return our runs of an experiment, or, for None, those that are known without one."""

    def together(self) -> AbstractContextManager[None]:
        """Write what follows as a whole or not at all, where this store can."""

    def empty(self, copy: Copy) -> bool:
        """Take away a run's parameters and metrics; tell whether this store can."""

    def location(self, experiment: str) -> str | None:
        """Return where the files of a new experiment are kept; None: the store knows."""

    def keep(self, copy: Copy, experiment: str, path: Path) -> None:
        """Keep a file with a run."""

    def lacks(self, copy: Copy, experiment: str, path: Path) -> bool:
        """Tell whether a run that has everything else needs this file again."""


class FolderStore:
    """The MLflow database and files of a results folder."""

    is_shared = False

    def __init__(self, results: Path) -> None:
        """Open nothing yet."""
        self.results = results
        self._is_together = False

    @cached_property
    def client(self) -> "MlflowClient":
        """Open the database once; a new one is made."""
        return open_client(self.results)

    def n_runs(self, expected: int) -> int:
        """Return how many runs were ever made; it grows when another process copies something."""
        with tables(self.results) as database:
            return int(database.execute("SELECT coalesce(max(rowid), 0) FROM runs").fetchone()[0])

    def copies(self, experiment: str | None) -> list[Copy]:
        """Return all of our runs at once, with those of experiments deleted in the UI."""
        if experiment:
            return []
        from mlflow.entities import ViewType

        for deleted in self.client.search_experiments(view_type=ViewType.DELETED_ONLY):
            if any(key.startswith(VIEW_TAG) for key in deleted.tags):
                self.client.restore_experiment(deleted.experiment_id)
        return copies(self.results, "mean", "cell", "search", "trial")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write in one transaction, also where it is asked for inside another one."""
        if self._is_together:
            yield
            return
        self._is_together = True
        try:
            with one_transaction(self.client):
                yield
        finally:
            self._is_together = False

    def empty(self, copy: Copy) -> bool:
        """Take away what MLflow's client does not: of two metrics it shows the higher."""
        with tables(self.results) as database:
            for table in ("metrics", "latest_metrics", "params"):
                database.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (copy.run_id,))
        return True

    def location(self, experiment: str) -> str:
        """Return the experiment's folder; no link leads its files elsewhere."""
        place(self.results, ARTIFACTS, experiment)
        return f"{artifacts_uri(self.results)}/{experiment}"

    def keep(self, copy: Copy, experiment: str, path: Path) -> None:
        """Put a file where MLflow looks for it."""
        kept = self._kept(copy, experiment, path)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)

    def lacks(self, copy: Copy, experiment: str, path: Path) -> bool:
        """Tell whether the file is not there, or another one."""
        kept = self._kept(copy, experiment, path)
        return not kept.is_file() or not filecmp.cmp(path, kept)

    def _kept(self, copy: Copy, experiment: str, path: Path) -> Path:
        names = ARTIFACTS, experiment, copy.run_id, "artifacts", path.name
        return place(self.results, *names)


def copies(results: Path, *kinds: str) -> list[Copy]:
    """Return the runs of these kinds, oldest first; MLflow's client takes a minute for thousands.

    Who holds the folder's lock knows that a copy that is not whole is nobody's any more.
    """
    found: dict[str, tuple[str, bool, dict[str, str]]] = {}
    with tables(results) as database:
        rows = database.execute(
            "SELECT runs.run_uuid, experiment_id, status, tags.key, tags.value"
            " FROM runs JOIN tags USING (run_uuid)"
            " WHERE lifecycle_stage = 'active' AND (tags.key LIKE 'mer.%' OR tags.key = ?)"
            " ORDER BY runs.rowid",
            (PARENT_TAG,),
        )
        for run_id, experiment, status, key, value in rows:
            _, _, tags = found.setdefault(run_id, (str(experiment), status != "RUNNING", {}))
            tags[key] = value
    every = [Copy(run_id, *what) for run_id, what in found.items()]
    return [copy for copy in every if copy.tags.get(KIND_TAG) in kinds]


def experiments(client: "MlflowClient") -> list[tuple[str, str, str]]:
    """Return name, id and first saved view of every experiment that has views."""
    found = []
    for experiment in client.search_experiments(order_by=["name"]):
        views = [key for key in (TRADE_OFF, TRIALS) if VIEW_TAG + key in experiment.tags]
        found += [(experiment.name, str(experiment.experiment_id), view) for view in views]
    return found
