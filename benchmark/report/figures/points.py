"""Rows as points of error against a cost, and the front: what all trade-off panels share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.report.aggregate import Row
from benchmark.report.figures.style import MARKERS
from benchmark.report.pareto import front

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Colours = Mapping[str, Any]  # model -> colour
DODGE = 1.2  # rows of one model share their parameter count; they are drawn this factor apart


def colours_of(rows: Sequence[Row], palette: Any) -> Colours:
    """Return one colour a model, that colour-blind readers tell apart."""
    models = list(dict.fromkeys(row.model for row in rows))
    return dict(zip(models, palette("colorblind", len(models)), strict=True))


def marker_of(row: Row, rows: Sequence[Row]) -> str:
    """Return the shape of a row: it tells rows apart in grey print, too."""
    return MARKERS[[one.group for one in rows].index(row.group) % len(MARKERS)]


def draw_points(
    axes: "Axes",
    rows: Sequence[Row],
    score: str,
    cost: str,
    colours: Colours,
    *,
    names: Mapping[str, str] | None = None,
) -> None:
    """Draw every row with its standard deviation over repetitions, and the front as a line.

    `names` maps groups to entries of a legend.
    """
    axes.set_xscale("log")
    costs = [float(row.cost(cost) or 0) for row in rows]
    least = min((one for one in costs if one > 0), default=1.0) / 10  # a log axis has no zero
    points = [
        (max(one, least), float(row.scores[score] or 0))
        for row, one in zip(rows, costs, strict=True)
    ]
    for row, (x, y) in zip(rows, points, strict=True):
        twins = [one.group for one, twin in zip(rows, costs, strict=True) if twin == row.cost(cost)]
        shift = twins.index(row.group) - (len(twins) - 1) / 2
        axes.errorbar(
            x * DODGE**shift,
            y,
            yerr=row.scores[f"{score}_std"],
            fmt=marker_of(row, rows),
            color=colours[row.model],
            markersize=9,
            capsize=4,
            label=(names or {}).get(row.group),
        )
    on_front = front(list(zip(costs, (y for _, y in points), strict=True)))
    axes.step(
        [points[index][0] for index in on_front],
        [points[index][1] for index in on_front],
        where="post",
        color="0.35",
        linewidth=1.2,
        zorder=0,
        label="front: no row has both a lower cost and a lower RMSE",
    )
