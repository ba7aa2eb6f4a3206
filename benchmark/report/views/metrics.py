"""Every metric but the one that ranks: does a model follow each song, and all frames?"""

from collections.abc import Sequence

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Table
from benchmark.evaluate.registry import MEASURES, METRICS, RANKED_BY, MetricEntry
from benchmark.report.grid import Column, Grid, without_empty
from benchmark.report.tables import NOT_SCORED, is_scored, lacking, shown, unranked
from benchmark.report.views.view import View

RULE = (
    "Mean over songs of each song's own value, ± standard deviation over n repetitions. A constant"
    " prediction follows nothing: r and CCC 0. Constant annotations have no shape to follow: the"
    " song has no r and no CCC and is left out of their mean, for all rows alike."
)
POOLED = (
    "Over the frames of all songs, so that the levels of songs count as well; centred r takes each"
    " song's mean away first."
)
ALL_FRAMES = "All frames at once"


class MetricsView(View):
    """Scores beside the one that ranks: per song, and over all frames."""

    def table_grids(self, comparison: Comparison, table: Table) -> list[Grid]:
        """Return a grid of scores per song, one of pooled scores; none without a complete row."""
        complete = next((row for row in table.rows if row.n_without_shape), None)
        if complete is None:
            return []
        others = {name: entry for name, entry in METRICS.items() if name != RANKED_BY}
        of_songs = {
            name: entry
            for name, entry in others.items()
            if entry.per_song
            and (entry.is_ours or is_scored(table.rows, f"{name}_average_per_song"))
        }
        pooled = {
            name: entry
            for name, entry in others.items()
            if entry.pooled and is_scored(table.rows, f"{name}_average")
        }
        left_out = ", ".join(f"{target} {n}" for target, n in complete.n_without_shape.items())
        n_songs = len(complete.cells[0].per_song["song_id"])
        grids = [
            _grid(
                table,
                "Following each song",
                of_songs,
                "_per_song",
                f"{RULE} Songs left out, of {n_songs}: {left_out}.",
                [
                    NOT_SCORED.format(what=entry.heading, rows="any row")
                    for name, entry in others.items()
                    if not entry.is_ours and name not in of_songs and entry.per_song
                ],
            )
        ]
        if pooled:
            grids.append(_grid(table, ALL_FRAMES, pooled, "", POOLED))
        return [without_empty(grid) for grid in grids]


def _grid(
    table: Table,
    title: str,
    metrics: dict[str, MetricEntry],
    suffix: str,
    note: str,
    further: Sequence[str] = (),
) -> Grid:
    """Return one line per row, then the references."""
    names = [f"{metric}_{measure}{suffix}" for metric in metrics for measure in MEASURES]
    shared = table.shared_settings
    return Grid(
        title=f"{title}: {_directions(list(metrics.values()))}",
        columns=(
            Column("model", is_text=True),
            Column("n"),
            *(
                Column(measure, entry.heading, better=entry.better)
                for entry in metrics.values()
                for measure in MEASURES
            ),
        ),
        lines=(
            *((row.name(shared), row.n_text, *shown(row.scores, names)) for row in table.rows),
            *(
                (f"({name})", "", *shown(scores, names))
                for name, scores in table.references.items()
            ),
        ),
        notes=(
            note,
            *further,
            *(
                line
                for metric, entry in metrics.items()
                for line in lacking(
                    table,
                    f"{metric}_average{suffix}",
                    entry.heading if suffix else f"pooled {entry.heading}",
                )
            ),
        ),
        sections=(sum(not row.is_floor for row in table.rows), len(table.rows)),
        unranked=unranked(table),
    )


def _directions(metrics: Sequence[MetricEntry]) -> str:
    """Return "MAE (less is better), Pearson r and CCC (more is better)"."""
    less = [entry.heading for entry in metrics if entry.better == "lower"]
    more = [entry.heading for entry in metrics if entry.better == "higher"]
    sides = {"less is better": less, "more is better": more}
    return ", ".join(f"{_listed(names)} ({side})" for side, names in sides.items() if names)


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
