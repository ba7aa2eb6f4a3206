"""What a changed setting or other labels do to a model: paired against its default."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.analysis.intervals import intervals, share_repetitions, subtracted
from benchmark.analysis.rows import ERROR_NAMES, Row, Table, settings_text, shared_settings
from benchmark.analysis.samples import songs_of
from benchmark.analysis.units import units_of


@dataclass(frozen=True)
class Ablation:
    """One change: who, what, and by how much every error moves."""

    model: str
    sequence_length: int | None
    changed: str
    moves: dict[str, tuple[float, float, float]]  # "rmse_average" -> mean, low, high


def ablations(tables: Sequence[Table]) -> list[Ablation]:
    """Return the effect of every row that has a default of the same model and length."""
    rows = on_evaluation_songs(tables)
    shared = shared_settings(row for _, row in rows)
    found = []
    defaults = _defaults(rows, shared)
    for table, row in rows:
        base = defaults.get(_kind(row))
        if base is not None and row is not base[1] and row.is_complete and _can_pair(row, base[1]):
            found.append(_ablation(table, row, base, shared))
    return found


def on_evaluation_songs(tables: Sequence[Table]) -> list[tuple[Table, Row]]:
    """Return every row that was scored on evaluation songs, with its table."""
    return [(table, row) for table in tables if table.folds is None for row in table.rows]


def _kind(row: Row) -> tuple[object, ...]:
    """Return what a row and its default have in common."""
    options = {k: v for k, v in row.dataset_options.items() if k != "labels"}
    return row.model, row.sequence_length, row.dataset, row.features, settings_text(options)


def _defaults(
    rows: Sequence[tuple[Table, Row]], shared: dict[str, Any]
) -> dict[tuple[object, ...], tuple[Table, Row]]:
    """Return the first complete row of every kind that has no settings of its own."""
    found: dict[tuple[object, ...], tuple[Table, Row]] = {}
    for table, row in rows:
        if row.is_complete and not row.own_settings(shared):
            found.setdefault(_kind(row), (table, row))
    return found


def _can_pair(row: Row, base: Row) -> bool:
    return (
        units_of(row.cells[0]).n > 1
        and songs_of(row.cells[0]) == songs_of(base.cells[0])
        and share_repetitions(row.cells, base.cells)
    )


def _ablation(table: Table, row: Row, base: tuple[Table, Row], shared: dict[str, Any]) -> Ablation:
    base_table, default = base
    own = row.own_text(shared)
    differs = [f"labels {table.labels}"] if table.labels != base_table.labels else []
    moved = subtracted(row.errors, default.errors, is_paired=True)
    ends = intervals(moved, f"{row.group} {default.group}", row.n_resamples)
    return Ablation(
        model=row.named or row.model,
        sequence_length=row.sequence_length,
        changed=", ".join([*differs, *([own] if own else [])]),
        moves={
            name: ((row.scores[name] or 0) - (default.scores[name] or 0), *ends[name])
            for name in ERROR_NAMES
        },
    )
