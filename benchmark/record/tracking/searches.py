"""Copy searches to MLflow: one experiment per search, in it one run with a child per trial.

A trial that is already there is not copied again. Where a search began anew under its name, its
trials replace those of the same number, and the rest leave when it is summarised.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.record.record import RunRecord
from benchmark.record.searches import SearchRecord, TrialRow
from benchmark.record.tracking.database import (
    CELL_TAG,
    KIND_TAG,
    NOTE_TAG,
    experiment_id,
    log,
    log_curves,
    open_client,
    restate,
    runs_of,
    with_logarithms,
)
from benchmark.record.tracking.views import colour_of, trial_views

TRIAL_TAG, ROW_TAG = "mer.trial", "mer.row"
HOW_TO_READ = (
    "RMSE on held-out development songs. Charts: *Views*, *RMSE of all trials*, chart icon."
)


class SearchMirror:
    """An open MLflow experiment of one search; knows which trials it already holds."""

    def __init__(self, results: Path, name: str) -> None:
        """Open the experiment, and the run that gathers the trials."""
        self.results = results
        self.client = open_client(results)
        self.experiment = experiment_id(
            self.client, results, f"search-{name}", trial_views([]) | {NOTE_TAG: HOW_TO_READ}
        )
        self.copies: dict[int, tuple[str, str]] = {}  # trial -> digest of its row, run id
        self.parent = self._learn() or self._begin(name)

    def _learn(self) -> str:
        """Read which trials are there; return the run above, or "".

        A copy still under way was cut short, or is another process's at this moment: it counts as
        none, and is touched only when its trial is copied again.
        """
        parent = ""
        for run in runs_of(self.client, self.experiment):
            run_id, tags = run.info.run_id, run.data.tags
            if tags.get(KIND_TAG) == "search":
                parent = run_id
            elif TRIAL_TAG in tags:
                digest = "" if run.info.status == "RUNNING" else tags.get(ROW_TAG, "")
                self.copies[int(tags[TRIAL_TAG])] = digest, run_id
        return parent

    def _begin(self, name: str) -> str:
        """Make the run that gathers the trials."""
        run = self.client.create_run(self.experiment, tags={KIND_TAG: "search"}, run_name=name)
        return str(run.info.run_id)

    def copy(self, row: TrialRow, record: RunRecord | None) -> None:
        """Copy one finished trial, with the curves of its record; nothing where it already is."""
        digest = _digest(row)
        copied, old_run = self.copies.get(row.number, ("", ""))
        if copied == digest:
            return
        if old_run:
            self.client.delete_run(old_run)
        tags = {
            TRIAL_TAG: str(row.number),
            ROW_TAG: digest,
            KIND_TAG: "trial",
            CELL_TAG: row.cell or "",
            "mlflow.parentRunId": self.parent,
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
        self.copies[row.number] = digest, run_id

    def summarise(self, search: SearchRecord, files: list[Path]) -> None:
        """Make the search's own run say what it found, with its files; remove other trials."""
        known = {one.number for one in search.trials}
        for number, (digest, run_id) in list(self.copies.items()):
            if digest and number not in known:
                self.client.delete_run(run_id)
                del self.copies[number]
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
