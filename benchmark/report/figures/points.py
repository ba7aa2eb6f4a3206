"""Rows as points of error against a cost, and the front: what all trade-off panels share."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.report.aggregate import Row
from benchmark.report.figures.style import MARKERS
from benchmark.report.pareto import front

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Colours = Mapping[str, Any]  # model -> colour
DODGE = 1.2  # rows of one cost are drawn this factor apart
COUNTS = ("parameters", "flops")  # read as 30k; 10m would be ten minutes or milliseconds
N_ASIDE = 8  # more of them would run into the next cost


def colours_of(rows: Sequence[Row], palette: Any) -> Colours:
    """Return one colour a model, that colour-blind readers tell apart."""
    models = list(dict.fromkeys(row.model for row in rows))
    return dict(zip(models, palette("colorblind", len(models)), strict=True))


def marker_of(row: Row, rows: Sequence[Row]) -> str:
    """Return the shape of a row: it tells rows apart in grey print, too."""
    return MARKERS[[one.group for one in rows].index(row.group) % len(MARKERS)]


def _alike(rows: Sequence[Row]) -> dict[tuple[str, str], list[int]]:
    """Return (model, marker) -> the rows drawn that way; more than one where rows are many."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        found[row.model, MARKERS[index % len(MARKERS)]].append(index)
    return found


def _shifts(costs: Sequence[float]) -> list[float]:
    """Return how many steps each row is moved, so that rows of one cost stand side by side."""
    n_alike, n_met = Counter(costs), Counter[float]()
    shifts = []
    for cost in costs:
        shifts.append(n_met[cost] - (n_alike[cost] - 1) / 2 if n_alike[cost] <= N_ASIDE else 0.0)
        n_met[cost] += 1
    return shifts


def _short(value: float, _: object = None) -> str:
    """Return a power of ten as people say it: 30k, 12M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


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
    axes.xaxis.set_major_formatter(_short if cost in COUNTS else "{x:g}")
    axes.minorticks_off()  # not seen in this style, and most of the time that drawing takes
    costs = [float(row.cost(cost) or 0) for row in rows]
    least = min((one for one in costs if one > 0), default=1.0) / 10  # a log axis has no zero
    points = [
        (max(one, least), float(row.scores[score] or 0))
        for row, one in zip(rows, costs, strict=True)
    ]
    places = [x * DODGE**shift for (x, _), shift in zip(points, _shifts(costs), strict=True)]
    for model, colour in colours.items():
        own = [index for index, row in enumerate(rows) if row.model == model]
        axes.errorbar(
            [places[index] for index in own],
            [points[index][1] for index in own],
            yerr=[rows[index].scores[f"{score}_std"] or 0 for index in own],
            fmt="none",
            ecolor=colour,
            capsize=4,
        )
    for (model, marker), indices in _alike(rows).items():
        alone = rows[indices[0]].group if len(indices) == 1 else ""
        axes.plot(
            [places[index] for index in indices],
            [points[index][1] for index in indices],
            marker,
            color=colours[model],
            markersize=9,
            label=names.get(alone, model) if names else None,
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
