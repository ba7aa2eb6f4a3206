"""Rows of one name: what an earlier version of a model or of the harness trained says so.

The newest keeps its plain name; the others count as a changed setting, so they are not ranked.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmark.record.record import RunRecord

VERSIONS = ("model_version", "harness")
GROUP = "group"
SHORT = 6  # characters of a group's digest, where no version tells


def with_versions(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records in order; the settings of older namesakes name their version."""
    namesakes: dict[tuple[Any, ...], dict[str, RunRecord]] = defaultdict(dict)
    for record in records:
        groups = namesakes[_name(record)]
        if record.group not in groups or _started(record) > _started(groups[record.group]):
            groups[record.group] = record
    marks: dict[str, dict[str, Any]] = {}
    for groups in namesakes.values():
        newest = max(groups.values(), key=_started)
        for group, other in groups.items():
            if other is not newest:
                marks[group] = _mark(other, newest)
    return [
        replace(record, settings=record.settings | marks[record.group])
        if record.group in marks
        else record
        for record in records
    ]


def is_superseded(settings: Mapping[str, Any]) -> bool:
    """Tell whether a row's settings say that a newer row has its name."""
    return not settings.keys().isdisjoint((*VERSIONS, GROUP))


def _name(record: RunRecord) -> tuple[Any, ...]:
    """Return what people see of a row."""
    songs = record.dataset_digest, record.features, record.folds, record.folds_over
    row = record.sequence_length, record.model, repr(sorted(record.settings.items()))
    return *songs, *row


def _started(record: RunRecord) -> float:
    return float(record.circumstances["started"])


def _mark(other: RunRecord, newest: RunRecord) -> dict[str, Any]:
    found = {
        name: getattr(other, name)
        for name in VERSIONS
        if getattr(other, name) != getattr(newest, name)
    }
    return found or {GROUP: other.group[:SHORT]}
