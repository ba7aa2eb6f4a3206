"""What a changed setting or other labels do to a model: paired against its default."""

from collections.abc import Sequence
from typing import Any

from benchmark.report.aggregate import (
    CONVENTIONS,
    ERRORS,
    Row,
    Table,
    settings_text,
    shared_settings,
)
from benchmark.report.grid import Column, Grid
from benchmark.report.intervals import bootstrap_differences
from benchmark.report.published import MEASURES

NOTE = (
    "Change of RMSE [95 % interval: bootstrap over songs crossed with repetitions, paired]; below"
    " zero is better. Many rows: some intervals leave out zero by chance."
)


def effect_grids(tables: Sequence[Table]) -> list[Grid]:
    """Return one line for every row that has a default of the same model and length."""
    rows = [(table, row) for table in tables if table.folds is None for row in table.rows]
    shared = shared_settings(row for _, row in rows)
    lines = []
    for table, row in rows:
        base = _default_of(row, rows, shared)
        if base is not None and row is not base[1] and row.is_complete:
            lines.append(_line(table, row, base, shared))
    if not lines:
        return []
    return [
        Grid(
            title="Change against the default settings, evaluation songs",
            columns=(
                Column("model", is_text=True),
                Column("L"),
                Column("changed", is_text=True),
                *(Column(measure, side) for side in CONVENTIONS for measure in MEASURES),
            ),
            lines=tuple(lines),
            notes=(
                NOTE,
                *([f"On both sides: {settings_text(shared)} (not the default)."] if shared else []),
            ),
        )
    ]


def _own(row: Row, shared: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a row that not all rows share."""
    return {key: value for key, value in row.settings.items() if key not in shared}


def _default_of(
    row: Row, rows: Sequence[tuple[Table, Row]], shared: dict[str, Any]
) -> tuple[Table, Row] | None:
    """Return the first row of the same model and length that has no settings of its own."""
    for table, other in rows:
        is_alike = (other.model, other.sequence_length) == (row.model, row.sequence_length)
        if (
            is_alike
            and (other.dataset, other.features) == (row.dataset, row.features)
            and not _own(other, shared)
            and other.is_complete
        ):
            return (table, other) if _can_pair(row, other) else None
    return None


def _can_pair(row: Row, base: Row) -> bool:
    """Tell whether both judged the same songs with the same repetitions."""
    return [one.repetition for one in row.cells] == [one.repetition for one in base.cells] and (
        row.cells[0].per_song["song_id"] == base.cells[0].per_song["song_id"]
    )


def _line(
    table: Table, row: Row, base: tuple[Table, Row], shared: dict[str, Any]
) -> tuple[str, ...]:
    """Return the differences of one row."""
    base_table, default = base
    differs = [f"labels {table.labels}"] if table.labels != base_table.labels else []
    own = _own(row, shared)
    changed = ", ".join([*differs, *([settings_text(own)] if own else [])])
    intervals = bootstrap_differences(row.cells, default.cells)
    length = "-" if row.sequence_length is None else str(row.sequence_length)
    return (row.model, length, changed, *_differences(row, default, intervals))


def _differences(row: Row, default: Row, intervals: dict[str, tuple[float, float]]) -> list[str]:
    """Return "+0.004 [-0.002, +0.010]" for every error."""
    cells = []
    for name in (error + suffix for suffix in CONVENTIONS.values() for error in ERRORS):
        ours, theirs = row.scores[name], default.scores[name]
        low, high = intervals[name]
        cells.append(f"{(ours or 0) - (theirs or 0):+.3f} [{low:+.3f}, {high:+.3f}]")
    return cells
