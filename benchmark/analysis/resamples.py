"""Resamples: how often each song is taken, with replacement, in every one of them.

Counts  one table of them for all intervals over equally many songs
Stream  every interval deals the songs onto the table's rows in a random order of its own, so that
        what chance does to one interval it does not do to the next
Number  with `MANY`, which all but the largest answers have, an end differs from stream to stream
        by a hundredth of a standard error (standard deviation): measured in results/README.md
Exact   columns are rounded to whole multiples of a power of two, as fine as a sum leaves room for
        (46 bits with 58 songs): no order of adding, number of threads or kernel changes a digit
Axes    S songs or families, D resamples, B of them in a block, K columns
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import sha256
from itertools import combinations_with_replacement
from math import factorial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Array = NDArray[np.float64]
# one less than a round number, so that 2.5 % is a place in the order
MANY, FEW, FEWEST = 99_999, 9_999, 999
# rows of an answer up to which its intervals have so many: a thousand rows take seconds with FEW
ROWS_AT_MOST = {MANY: 100, FEW: 1000}
BLOCK = 10_000  # small enough for a processor's cache
SONGS, REPETITIONS = 0, 3  # are taken independently, also where there are equally many
LISTED = 9  # songs or families, of which all 24,310 resamples are taken; ten have 92,378
BITS = 52  # of a whole number that float64 holds, and one for the sign


def n_for_intervals(n_rows: int) -> int:
    """Return how many resamples the intervals of so many rows get."""
    return next((n for n, at_most in ROWS_AT_MOST.items() if n_rows <= at_most), FEWEST)


def stream_of(name: str) -> np.random.Generator:
    """Return the random numbers that belong to a name."""
    return np.random.default_rng(int.from_bytes(sha256(name.encode()).digest()[:8]))


def blocks(n: int, n_resamples: int, kind: int = SONGS) -> Iterator[tuple[slice, Array]]:
    """Return the places of every block of resamples, and the counts of n things: (n, B)."""
    for start in range(0, n_resamples, BLOCK):
        size = min(BLOCK, n_resamples - start)
        yield slice(start, start + size), _floats(n, start, kind, size)


@lru_cache(maxsize=2)
def _floats(n: int, start: int, kind: int, size: int) -> Array:
    """Return a block as sums take it; all blocks of many songs would not fit into memory so."""
    return np.ascontiguousarray(_block(n, start, kind)[:, :size], dtype=np.float64)


@lru_cache(maxsize=32)
def _block(n: int, start: int, kind: int) -> NDArray[np.uint16]:
    """Return a block of counts; a multinomial draw each, as n draws of one of n."""
    if n <= LISTED:
        return np.ascontiguousarray(_listed(n, kind)[start : start + BLOCK].T)
    taken_BS = np.random.default_rng([kind, n, start]).integers(n, size=(BLOCK, n))
    places = (taken_BS + n * np.arange(BLOCK)[:, None]).ravel()
    counts = np.bincount(places, minlength=n * BLOCK).reshape(BLOCK, n)
    return np.ascontiguousarray(counts.T.astype(np.uint16))


@lru_cache(maxsize=4)
def _listed(n: int, kind: int) -> NDArray[np.uint16]:
    """Return every possible resample of few things as often as it is likely, in random order.

    Few things have few resamples, and an interval's end may lie where there is hardly one.
    """
    taken_PS = np.array(list(combinations_with_replacement(range(n), n)))
    counts_PS = (taken_PS[:, :, None] == np.arange(n)).sum(axis=1)
    ways_P = factorial(n) / np.prod(np.array([factorial(k) for k in range(n + 1)])[counts_PS], 1)
    places_D = (np.arange(MANY + 1) + 0.5) / (MANY + 1)
    chosen_D = np.searchsorted(np.cumsum(ways_P) / ways_P.sum(), places_D)
    order = np.random.default_rng([kind, n]).permutation(MANY + 1)
    counts_DS: NDArray[np.uint16] = counts_PS[chosen_D[order]].astype(np.uint16)
    return counts_DS


def sums(values_KS: Array, counts_SB: Array) -> Array:
    """Sum every column over the songs of every resample: (K, B)."""
    n = len(counts_SB)
    largest_K = np.abs(values_KS).max(axis=1, initial=0.0)
    shift_K = (BITS - n.bit_length() - np.frexp(largest_K)[1])[:, None]
    whole_KS = np.rint(np.ldexp(values_KS, shift_K))
    with _threads().limit(limits=1):  # they cost more than they gain, and more beside other work
        whole_KB: Array = whole_KS @ counts_SB
    sums_KB: Array = np.ldexp(whole_KB, -shift_K)
    return sums_KB


@cache
def _threads() -> ThreadpoolController:
    """Return what knows the threads of BLAS; looking for them takes time."""
    return ThreadpoolController()
