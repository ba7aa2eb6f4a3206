"""Shards: a study's cells dealt to several runs that know nothing of one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heapreplace

MOST_SHARDS = 20_000  # as many as a part of a study may have cells


@dataclass(frozen=True)
class Shard:
    """One of `count` shares of a study's cells."""

    number: int  # from 1
    count: int

    def of(self, costs: Mapping[str, float]) -> set[str]:
        """Return the cells of this share."""
        return dealt(costs, self.count)[self.number - 1]


def dealt(costs: Mapping[str, float], count: int) -> list[set[str]]:
    """Return shares of about equal cost: the dearest cell first, to the share that has least.

    Graham's longest processing time rule: no share costs more than 4/3 of the best dealing's
    dearest. The same costs are dealt alike, in whatever order they come.
    """
    shares: list[set[str]] = [set() for _ in range(count)]
    loads = [(0.0, index) for index in range(count)]
    heapify(loads)
    for key in sorted(costs, key=lambda key: (-costs[key], key)):
        load, index = loads[0]
        shares[index].add(key)
        heapreplace(loads, (load + costs[key], index))
    return shares
