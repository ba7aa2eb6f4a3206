"""Searches in MLflow: an experiment per search, in it one run with a child per trial.

Where a search began anew under its name, its trials replace those of the same number, and the rest
leave when it is summarised.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from benchmark.record.names import short_name
from benchmark.record.record import RunRecord
from benchmark.record.searches import SearchRecord, TrialRow, search_path
from benchmark.tracking.entry import (
    CELL_TAG,
    KIND_TAG,
    NOTE_TAG,
    STATUS_TAG,
    TRIAL_TAG,
    Entry,
    curves_of,
    digest_of,
    with_logarithms,
)
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.views import colour_of, trial_views

HOW_TO_READ = (
    "RMSE on held-out development songs. Charts: *Views*, *RMSE of all trials*, chart icon."
)


def copy_trial(mirror: Mirror, search: str, row: TrialRow, record: RunRecord | None) -> None:
    """Copy one finished trial, with the curves of its record; nothing where it already is."""
    mirror.put(
        Entry(
            kind="trial",
            experiment=short_name("search", search),
            about=_about,
            name=_name(row),
            tags={
                TRIAL_TAG: str(row.number),
                CELL_TAG: row.cell or "",
                STATUS_TAG: row.state,
                "mer.reason": row.reason or "",
                **colour_of(row.number),
            },
            digest=digest_of(json.dumps(asdict(row), sort_keys=True).encode()),
            parent=_search_entry(search),
            params=row.values,
            metrics=_metrics(row),
            curves=curves_of(record) if record else (),
            milliseconds=round(1000 * row.seconds),
            status="FAILED" if row.state == "failed" else "FINISHED",
        )
    )


def summarise_search(mirror: Mirror, search: SearchRecord, files: Iterable[Path]) -> None:
    """Make the search's own run say what it found, with its files; remove other trials."""
    entry = _search_entry(search.name)
    mirror.refresh()
    experiment = mirror.experiment(entry)
    known = {str(trial.number) for trial in search.trials}
    for copy in [*mirror.copies.values()]:
        is_of_search = (copy.tags[KIND_TAG], copy.experiment) == ("trial", experiment)
        if is_of_search and copy.tags[TRIAL_TAG] not in known:
            mirror.remove(copy)
    for key, value in trial_views(_differing(search)).items():
        mirror.client.set_experiment_tag(experiment, key, value)
    counts = {
        f"n_{state}": float(sum(trial.state == state for trial in search.trials))
        for state in ("done", "pruned", "failed")
    }
    best = {"rmse_average": search.completed[0].rmse or 0.0} if search.completed else {}
    path = search_path(mirror.results, search.name)
    says = path.read_bytes() if path.is_file() else json.dumps(asdict(search)).encode()
    identity = search.identity.items()
    mirror.put(
        replace(
            entry,
            digest=digest_of(says),
            params={key: value for key, value in identity if not isinstance(value, dict)},
            metrics=counts | best,
            milliseconds=round(1000 * sum(trial.seconds for trial in search.trials)),
            files=[*files],
        )
    )


def _search_entry(search: str) -> Entry:
    """Return what the run that gathers the trials says before its summary."""
    return Entry(
        kind="search",
        experiment=short_name("search", search),
        about=_about,
        name=search,
        tags={},
    )


def _about() -> dict[str, str]:
    return trial_views([]) | {NOTE_TAG: HOW_TO_READ}


def _name(row: TrialRow) -> str:
    """Return a trial's number and, in words, what is special about it."""
    special = [
        word
        for word, holds in (("default", row.is_default), (row.state, row.state != "done"))
        if holds
    ]
    return f"trial {row.number}" + (f" ({', '.join(special)})" if special else "")


def _differing(search: SearchRecord) -> list[str]:
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
