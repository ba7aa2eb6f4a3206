"""Error against parameter count: who is on the front."""

from collections.abc import Sequence


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of points that no other point beats on both axes (smaller is better).

    A point is beaten by one that is no worse on either axis and better on one. The indices come
    in the order of the first axis.
    """
    kept: list[int] = []
    for index in sorted(range(len(points)), key=lambda i: points[i]):
        last = points[kept[-1]] if kept else (float("inf"), float("inf"))
        if points[index][1] < last[1] or points[index] == last:
            kept.append(index)
    return kept
