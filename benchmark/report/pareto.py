"""Error against parameter count: who is on the front."""

from collections.abc import Sequence


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of points that no other point beats on both axes (smaller is better).

    A point is beaten by one that is no worse on either axis and better on one. The indices come
    in the order of the first axis.
    """
    beaten = {
        index
        for index, (x, y) in enumerate(points)
        if any(
            other_x <= x and other_y <= y and (other_x, other_y) != (x, y)
            for other_x, other_y in points
        )
    }
    return sorted((i for i in range(len(points)) if i not in beaten), key=lambda i: points[i])
