"""The unit of statistics: families of songs where records name them, single songs otherwise.

Family  songs of one game, album or artist err alike, so a family is what is resampled, what keeps
        or changes its sign, and what degrees of freedom count
Weight  of a family: the sum of its songs' weights; its value is their weighted mean. A mean over
        songs is then a ratio of two sums over families (Cochran 1977, Sampling Techniques,
        chapter 9A), and equals the mean over families where all have one song
Axes    S songs, U units, K rows of values
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.record.record import RunRecord

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """How many songs scored a table's rows, and how many families they belong to."""

    n_songs: int
    n_families: int | None = None  # None: the records name none

    @property
    def n(self) -> int:
        """Return how many independent units there are."""
        return self.n_songs if self.n_families is None else self.n_families

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the sentence that a table of families needs; tables of songs need none."""
        if self.n_families is None:
            return ()
        families = f"{self.n_families} families" if self.n_families > 1 else "1 family"
        return (
            "The unit of intervals, p-values and resampling is the family (songs of one game,"
            f" album or artist): {families}, not {self.n_songs} songs.",
        )


def families_of(cell: RunRecord) -> list[str]:
    """Return the family of every song that scored a cell; nothing where there are none."""
    return cell.per_song.get("family", [])


def units_of(cell: RunRecord) -> Units:
    """Count the songs that scored a cell, and their families."""
    families = families_of(cell)
    return Units(len(cell.per_song["song_id"]), len(set(families)) if families else None)


def unit_sums(cell: RunRecord, values_KS: Array) -> Array:
    """Add up values (K, S) within families, in the order they come: (K, U); songs stay as is."""
    families = families_of(cell)
    if not families:
        return values_KS
    places = {family: place for place, family in enumerate(dict.fromkeys(families))}
    sums_UK = np.zeros((len(places), len(values_KS)))
    np.add.at(sums_UK, [places[family] for family in families], values_KS.T)
    return np.ascontiguousarray(sums_UK.T)


def weighted_units(cell: RunRecord, weight_S: Array, value_KS: Array) -> tuple[Array, Array]:
    """Return the weight (U,) and the values (K, U) of every unit."""
    if not families_of(cell):
        return weight_S, value_KS
    weight_U = unit_sums(cell, weight_S[None])[0]
    sums_KU = unit_sums(cell, weight_S * value_KS)
    values_KU = np.divide(sums_KU, weight_U, out=np.zeros_like(sums_KU), where=weight_U > 0)
    return weight_U, values_KU
