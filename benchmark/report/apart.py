"""Rows of one cost, drawn side by side instead of on top of each other."""

from collections.abc import Sequence

STEP = 1.25  # rows of one cost are drawn at most this factor apart
ALIKE = 1.05  # costs within this factor count as one
ROOM = 0.4  # of the way to the next cost, on a log axis, is the most that a row is moved
N_ASIDE = 8  # more of one cost would run into the next
COUNTS = ("parameters", "flops")  # costs that rows of one model share
SAID = "Rows of nearly the same cost are drawn side by side, around it."


def apart(costs: Sequence[float]) -> list[float]:
    """Return the factor that each cost is drawn at; 1 for a cost that stands alone, or is zero."""
    factors = [1.0] * len(costs)
    groups = _groups(costs)
    middles = [costs[group[len(group) // 2]] for group in groups]
    for place, group in enumerate(groups):
        if not 1 < len(group) <= N_ASIDE:
            continue
        ratios = [
            max(middle, middles[place]) / min(middle, middles[place])
            for middle in middles[max(0, place - 1) : place + 2]
            if middle != middles[place]
        ]
        reach = (len(group) - 1) / 2
        step = min([STEP, *(ratio ** (ROOM / reach) for ratio in ratios)])
        for position, index in enumerate(sorted(group)):
            factors[index] = step ** (position - reach)
    return factors


def _groups(costs: Sequence[float]) -> list[list[int]]:
    """Return the rows of each cost, cheapest first; rows without a cost stand in none."""
    groups: list[list[int]] = []
    for index in sorted(range(len(costs)), key=lambda place: costs[place]):
        if costs[index] <= 0:
            continue
        if groups and costs[index] <= ALIKE * costs[groups[-1][0]]:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
