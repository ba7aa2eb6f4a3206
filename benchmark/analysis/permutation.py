"""Sign-flip test of paired differences, and Holm's correction for many tests.

Sign flip  if two models were alike, each song's difference could as well have had the other sign
           (Fisher 1935, The Design of Experiments, section 21). All signs are tried where there
           are few songs, else a fixed random part of them; the observed signs count as one of
           those (Phipson and Smyth 2010, Statistical Applications in Genetics 9), so that no
           p-value is zero
Families   where songs have them, the sum over a family is what changes its sign (`units.py`)
Axes       F flips, S songs or families
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from benchmark.analysis.resamples import Array

EXACT_UNITS = 12  # up to so many songs or families all 2^S signs are tried
N_FLIPS = 9_999
ROUNDING = 1e-12  # sums that differ by less are equal


def sign_flip(differences: Sequence[float] | Array) -> float:
    """Return the two-sided p-value of the mean of paired differences, one a song or family."""
    differences_S = np.asarray(differences, dtype=float)
    sums_F = np.abs(np.einsum("fs,s->f", _signs(len(differences_S)), differences_S))
    n_extreme = int((sums_F >= abs(differences_S.sum()) - ROUNDING).sum())
    if len(differences_S) <= EXACT_UNITS:
        return n_extreme / len(sums_F)
    return (n_extreme + 1) / (len(sums_F) + 1)


def holm(p_values: Sequence[float], n_tests: int | None = None) -> list[float]:
    """Return p-values corrected for the number of tests, in the same order.

    Tests without a p-value count as well: as if theirs were 1.

    Source  Holm 1979, Scandinavian Journal of Statistics 6: the smallest times n, the next times
            n - 1 and so on; none smaller than the one before it, none above 1
    """
    n_tests = len(p_values) if n_tests is None else n_tests
    corrected = [0.0] * len(p_values)
    floor = 0.0
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for rank, index in enumerate(order):
        floor = max(floor, min(1.0, (n_tests - rank) * p_values[index]))
        corrected[index] = floor
    return corrected


@cache
def _signs(n_songs: int) -> Array:
    """Return rows of signs, +1 and -1: (F, S)."""
    if n_songs <= EXACT_UNITS:
        bits = (np.arange(2**n_songs)[:, None] >> np.arange(n_songs)) & 1
    else:
        bits = np.random.default_rng([2, n_songs]).integers(0, 2, (N_FLIPS, n_songs))
    return np.asarray(2 * bits - 1, dtype=np.float64)
