"""Copy searches to MLflow: one experiment per search, in it one run with a child per trial.

A trial that is already there is not copied again. Where a search began anew under its name, its
trials replace those of the same number, and the rest leave when it is summarised.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.record.names import short_name
from benchmark.record.record import RunRecord
from benchmark.record.searches import SearchRecord, TrialRow, search_path
from benchmark.tracking.database import open_client
from benchmark.tracking.runs import (
    CELL_TAG,
    FILE_TAG,
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
from benchmark.tracking.views import colour_of, trial_views

TRIAL_TAG, ROW_TAG = "mer.trial", "mer.row"
HOW_TO_READ = (
    "RMSE on held-out development songs. Charts: *Views*, *RMSE of all trials*, chart icon."
)


class SearchMirror:
    """The MLflow experiment of one search; knows which trials it already holds.

    As with `Mirror`, whoever calls holds the folder's lock.
    """

    def __init__(self, results: Path, name: str) -> None:
        """Open nothing yet."""
        self.results, self.name = results, name
        self.copies: dict[int, Copy] = {}  # by trial
        self.experiment = self.parent = ""
        self._n_runs = -1  # at the last look, and what was made since without mishap

    @cached_property
    def client(self) -> Any:
        """Open the database once; a new one is made."""
        return open_client(self.results)

    def refresh(self) -> None:
        """Learn which trials are there, if another process wrote since the last look.

        Copies cut short leave, and so do copies of what is there twice.
        """
        client = self.client
        if n_runs(self.results) == self._n_runs:
            return
        restore_experiments(client)
        tags = trial_views([]) if not self.experiment else {}
        self.experiment = experiment_id(
            client, self.results, short_name("search", self.name), tags | {NOTE_TAG: HOW_TO_READ}
        )
        self.copies, self.parent = {}, ""
        for copy in copies(self.results, "search", "trial"):
            if copy.experiment != self.experiment:
                continue
            is_search = copy.tags[KIND_TAG] == "search"
            number = int(copy.tags.get(TRIAL_TAG, -1))
            twice = self.parent if is_search else self.copies.get(number)
            if twice or not (is_search or copy.is_whole):
                client.delete_run(copy.run_id)
            elif is_search:
                self.parent = copy.run_id
            else:
                self.copies[number] = copy
        self.parent = self.parent or self._begin()
        self._n_runs = n_runs(self.results)

    def _begin(self) -> str:
        """Make the run that gathers the trials."""
        run = self.client.create_run(
            self.experiment, tags={KIND_TAG: "search"}, run_name=self.name[:250]
        )
        return str(run.info.run_id)

    def copy(self, row: TrialRow, record: RunRecord | None) -> None:
        """Copy one finished trial, with the curves of its record; nothing where it already is."""
        if self._n_runs < 0:
            self.refresh()
        digest = _digest(row)
        copy = self.copies.get(row.number)
        if copy is not None and (copy.tags.get(ROW_TAG), copy.tags.get(PARENT_TAG)) == (
            digest,
            self.parent,
        ):
            return
        if copy is not None:
            del self.copies[row.number]
            self.client.delete_run(copy.run_id)
        tags = {
            TRIAL_TAG: str(row.number),
            ROW_TAG: digest,
            KIND_TAG: "trial",
            CELL_TAG: row.cell or "",
            PARENT_TAG: self.parent,
            "mer.status": row.state,
            "mer.reason": row.reason or "",
            **colour_of(row.number),
        }
        run = self.client.create_run(self.experiment, tags=tags, run_name=_name(row))
        run_id, at = run.info.run_id, run.info.start_time
        log(self.client, run_id, row.values, _metrics(row), at)
        if record is not None:
            log_curves(self.client, run_id, record, at)
        status = "FAILED" if row.state == "failed" else "FINISHED"
        self.client.set_terminated(run_id, status=status, end_time=at + round(1000 * row.seconds))
        self.copies[row.number] = Copy(run_id, self.experiment, True, tags)
        self._n_runs += 1

    def summarise(self, search: SearchRecord, files: Iterable[Path]) -> None:
        """Make the search's own run say what it found, with its files; remove other trials."""
        if self._n_runs < 0:
            self.refresh()
        known = {one.number for one in search.trials}
        for number in self.copies.keys() - known:
            self.client.delete_run(self.copies.pop(number).run_id)
        identity: dict[str, Any] = {
            key: value for key, value in search.identity.items() if not isinstance(value, dict)
        }
        counts = {
            f"n_{state}": float(sum(one.state == state for one in search.trials))
            for state in ("done", "pruned", "failed")
        }
        best = {"rmse_average": search.completed[0].rmse or 0.0} if search.completed else {}
        for key, value in trial_views(_settings(search)).items():
            self.client.set_experiment_tag(self.experiment, key, value)
        for path in files:
            self.client.log_artifact(self.parent, str(path))
        milliseconds = round(1000 * sum(trial.seconds for trial in search.trials))
        run = self.client.get_run(self.parent)
        restate(self.client, self.results, run, counts | best, milliseconds, identity)
        path = search_path(self.results, search.name)
        if path.is_file():  # last: by this the copy is known to be up to date
            self.client.set_tag(self.parent, FILE_TAG, digest_of(path.read_bytes()))


def _digest(row: TrialRow) -> str:
    """Return a digest of everything a row says."""
    return hashlib.sha256(json.dumps(asdict(row), sort_keys=True).encode()).hexdigest()


def _name(row: TrialRow) -> str:
    """Return a trial's number and, in words, what is special about it."""
    special = [
        word
        for word, holds in (("default", row.is_default), (row.state, row.state != "done"))
        if holds
    ]
    return f"trial {row.number}" + (f" ({', '.join(special)})" if special else "")


def _settings(search: SearchRecord) -> list[str]:
    """Return the settings that trials differ in."""
    values: dict[str, set[str]] = {}
    for trial in search.trials:
        for setting, value in trial.values.items():
            values.setdefault(setting, set()).add(str(value))
    return [setting for setting, seen in values.items() if len(seen) > 1]


def _metrics(row: TrialRow) -> dict[str, float | int | None]:
    """Return a trial's error and costs; a pruned one has no final error."""
    error = {"done": "rmse_average", "pruned": "rmse_when_pruned", "failed": "rmse"}[row.state]
    costs = with_logarithms({"n_parameters": row.n_parameters})
    return {error: row.rmse, **costs, "n_epochs": row.n_epochs, "seconds": row.seconds}
