"""Rows as points of error against a cost, and the front: what all trade-off panels share."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

from benchmark.analysis.rows import Row
from benchmark.report.apart import COUNTS, SAID
from benchmark.report.palette import Look, mark_size
from benchmark.report.tradeoff import Tradeoff

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Looks = Mapping[str, Look]  # by model
FRONT = "front: no row has both a lower cost and a lower RMSE"
LARGER = "Larger marks: longer training sequences"


def _short(value: float, _: object = None) -> str:
    """Return a power of ten as people say it: 30k, 12M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def draw_points(
    axes: "Axes", rows: Sequence[Row], score: str, cost: str, looks: Looks, scale: float = 1
) -> None:
    """Draw every row with its standard deviation over repetitions, and the front as a line.

    Colour and mark are those of the row's model; a legend names every model once. `scale` is of
    marks and lines.
    """
    axes.set_xscale("log")
    # counts are read as 30k; 10m would be ten minutes or milliseconds
    axes.xaxis.set_major_formatter(_short if cost in COUNTS else "{x:g}")
    axes.minorticks_off()  # not seen in this style, and most of the time that drawing takes
    tradeoff = Tradeoff(rows, cost)
    places = tradeoff.places
    errors = [float(row.scores[score] or 0) for row in rows]
    axes.update_datalim(list(zip(places, errors, strict=True)))  # one bar alone has no width
    axes.autoscale_view()
    for model, look in looks.items():
        own = [index for index, row in enumerate(rows) if row.model == model]
        own.sort(key=lambda index: -_size(rows[index]))  # small marks above large ones
        if not own:
            continue
        axes.errorbar(
            [places[index] for index in own],
            [errors[index] for index in own],
            yerr=[rows[index].scores[f"{score}_std"] or 0 for index in own],
            fmt="none",
            ecolor=look.colour,
            elinewidth=1.3 * scale,
            capsize=3.5 * scale,
        )
        axes.scatter(
            [places[index] for index in own],
            [errors[index] for index in own],
            s=[(scale * _size(rows[index])) ** 2 for index in own],
            marker=look.mark.marker,
            color=look.colour,
            edgecolors="white",
            linewidths=0.7 * scale,
            zorder=3,
        )
    on_front = tradeoff.front(score)
    axes.step(
        [places[index] for index in on_front],
        [errors[index] for index in on_front],
        where="post",
        color="0.35",
        linewidth=1.2 * scale,
        zorder=0,
    )


def _size(row: Row) -> float:
    return mark_size(row.sequence_length)


def name_models(
    figure: "Figure",
    rows: Sequence[Row],
    looks: Looks,
    others: Sequence[Any] = (),
    *,
    note: str = "",
    scale: float = 1,
    front_name: str = FRONT,
    **how: Any,
) -> None:
    """Write a legend below a figure: a note, every model's mark and name, the front, the others."""
    from matplotlib.lines import Line2D

    names = {row.model: row.named or row.model for row in rows}
    handles = [
        Line2D(
            [], [], linestyle="none", color=looks[model].colour, marker=looks[model].mark.marker,
            markersize=9.5 * scale, label=fill(name, 40, break_long_words=False),
        )
        for model, name in names.items()
    ]  # fmt: skip
    handles += [Line2D([], [], color="0.35", linewidth=1.2, label=front_name), *others]
    figure.legend(
        handles=handles, loc="outside lower center", frameon=False, title=note or None,
        title_fontsize=0.9 * how["fontsize"], **how,
    )  # fmt: skip


def caption(rows: Sequence[Row], costs: Sequence[str]) -> str:
    """Return what must be known of the marks' sizes and places; "" for nothing."""
    lengths = {row.sequence_length for row in rows if row.sequence_length is not None}
    is_apart = any(Tradeoff(rows, cost).is_apart for cost in costs)
    shown = ", ".join(f"L={length}" for length in sorted(lengths))
    larger = f"{LARGER} ({shown})." if len(lengths) > 1 else ""
    return " ".join(filter(None, [larger, SAID if is_apart else ""]))
