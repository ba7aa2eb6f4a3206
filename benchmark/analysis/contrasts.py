"""Model against model on the same songs: the comparisons a study declared beforehand.

Declared   in the study's YAML and remembered in its plan; `DEFAULT` where it says nothing
Difference per song, mean over repetitions first, so that every song is one observation
Test       sign flips over songs: it asks about other songs, with the trained repetitions as they
           are; the interval speaks of other initialisations as well
Families   where records name them, the sum of a family's differences keeps or changes its sign
Many       Holm over all contrasts that were declared for one table, also those that cannot be made
           because cells are missing: they might turn out to be the clearest
Never      against printed numbers of other papers, and never with a row that was
           selected on evaluation songs
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmark.analysis.intervals import Interval, intervals, share_repetitions, subtracted
from benchmark.analysis.permutation import holm, sign_flip
from benchmark.analysis.resamples import Array
from benchmark.analysis.rows import Row, Table
from benchmark.analysis.samples import errors_by_song
from benchmark.analysis.units import Units, unit_sums, units_of
from datasets.contract import TARGETS

Pair = tuple[str, str]
EVERY, LARGEST = "every", "largest"
DEFAULT: tuple[Pair, ...] = ((EVERY, "linear"), (EVERY, "context"), (EVERY, LARGEST))
SHOWN = {"per song": "rmse_average_per_song", "pooled": "rmse_average"}


@dataclass(frozen=True)
class Contrast:
    """One row less another, error by error; below zero the first is better."""

    row: Row
    base: Row
    values: dict[str, float]  # "rmse_average" -> difference
    intervals: dict[str, Interval]  # of the averages
    share_improved: float  # of songs, average RMSE
    units: Units
    share_families_improved: float | None  # None: the songs have no families
    p: float
    p_holm: float
    n_declared: int  # contrasts that p is corrected for


def contrasts(
    table: Table, declared: Sequence[Pair] | None = None, *, has_every_row: bool = True
) -> list[Contrast]:
    """Return the declared contrasts of a table's complete rows, corrected for all declared.

    Returns nothing for a single song or family: no variance can be estimated. Where the study has
    rows without a record, a side that names no row of the table is taken for one of them.
    """
    wanted = DEFAULT if declared is None else declared
    pairs = pairs_of(table, wanted)
    n_declared = len(pairs) + (0 if has_every_row else _n_without_record(table, wanted))
    found = [
        _contrast(row, base, n_declared)
        for row, base in pairs
        if row.is_complete and base.is_complete
    ]
    corrected = holm([contrast.p for contrast in found], n_declared)
    return [replace(contrast, p_holm=p) for contrast, p in zip(found, corrected, strict=True)]


def pairs_of(table: Table, declared: Iterable[Pair]) -> list[tuple[Row, Row]]:
    """Return the rows to compare; a pair in either order is compared once."""
    pairs: dict[frozenset[str], tuple[Row, Row]] = {}
    if all(units_of(row.cells[0]).n == 1 for row in table.competitors):
        return []
    for left, right in declared:
        bases = matching(right, table.comparable)
        for row in matching(left, table.comparable):
            for base in bases:
                both = frozenset((row.group, base.group))
                if row is not base and both not in pairs:
                    pairs[both] = (row, base)
    return list(pairs.values())


def _n_without_record(table: Table, declared: Iterable[Pair]) -> int:
    sides = [[len(matching(side, table.comparable)) for side in pair] for pair in declared]
    return sum(max(1, *both) for both in sides if 0 in both)


def matching(name: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that a side of a contrast names: "crnn", "crnn, L=60", every, largest."""
    if name == EVERY:
        return [row for row in rows if not row.is_floor]
    if name == LARGEST:
        return sorted(rows, key=lambda row: -_size(row))[:1]
    return [row for row in rows if name in (row.model, f"{row.model}, L={row.sequence_length}")]


def _size(row: Row) -> float:
    """Return a row's parameters; where cells are missing, those of the cells that are there."""
    known = [cell.n_parameters or 0 for cell in row.cells]
    return row.parameters or max(known, default=0)


def _contrast(row: Row, base: Row, n_declared: int) -> Contrast:
    """Compare two rows, which are scored on the same songs, as they are of one table."""
    is_paired = share_repetitions(row.cells, base.cells)
    moved = subtracted(row.errors, base.errors, is_paired=is_paired)
    by_song_S = song_errors(row) - song_errors(base)
    by_unit_U = unit_sums(row.cells[0], by_song_S[None])[0]
    units = units_of(row.cells[0])
    return Contrast(
        row=row,
        base=base,
        values={name: sample.value for name, sample in moved.items()},
        intervals=intervals(
            {name: moved[name] for name in SHOWN.values()},
            f"{row.group} {base.group}",
            row.n_resamples,
        ),
        share_improved=float(np.mean(by_song_S < 0)),
        units=units,
        share_families_improved=float(np.mean(by_unit_U < 0)) if units.n_families else None,
        p=sign_flip(by_unit_U),
        p_holm=1.0,
        n_declared=n_declared,
    )


def song_errors(row: Row) -> Array:
    """Return the average RMSE of every song, mean over repetitions: (S,)."""
    both_TS = [errors_by_song(row.cells, target).mean(axis=0) for target in TARGETS]
    averages_S: Array = np.mean(both_TS, axis=0)
    return averages_S
