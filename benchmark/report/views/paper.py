"""The paper's own tables, in its layout: what it printed and what we measured beneath it."""

from collections.abc import Sequence

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Row, Table, settings_text
from benchmark.evaluate.registry import CONVENTIONS, MEASURES
from benchmark.report.grid import Column, Grid
from benchmark.report.published import Published, published
from benchmark.report.tables import plus_minus
from benchmark.report.views.view import View

TRAINING = "development (training error)"
NOTES = (
    "Ours: mean over repetitions [95 % interval over songs and repetitions];"
    " inside or outside says where the printed value lies. It is no test of equality.",
    "The paper does not say whether its RMSE is pooled over frames or a mean over songs.",
)
TRAINING_NOTE = (
    "The development columns are training error: the networks learned these songs, and the printed"
    " values lie below what the true mean of every song would reach."
)


class PaperView(View):
    """The paper's table that a study repeats."""

    def study_grids(self, comparison: Comparison) -> list[Grid]:
        """Return the paper's table that the study repeats; none for other studies."""
        rows = [row for row in published() if row.table == comparison.study]
        if not rows:
            return []
        has_training = any(row.side == "training" for row in rows)
        sides = ["evaluation", *([TRAINING] if has_training else [])]
        labels = list(
            dict.fromkeys(table.labels for table in comparison.tables if table.has_label_choice)
        )
        lines: list[tuple[str, ...]] = []
        sections = []
        for printed in (row for row in rows if row.side == "evaluation"):
            learned = [row for row in rows if row.side == "training" and _same(row, printed)]
            lines.append((_name(printed), "printed", *_printed(printed, *learned)))
            lines += _ours(printed, comparison.tables, has_training=has_training)
            sections.append(len(lines))
        return [
            Grid(
                title=f"{rows[0].source.split(', citing')[0]}, and ours",
                columns=(
                    Column("system", is_text=True),
                    Column("", is_text=True),
                    *(Column(measure, side) for side in sides for measure in MEASURES),
                ),
                lines=tuple(lines),
                notes=(
                    *NOTES,
                    *dict.fromkeys(
                        note for table in comparison.tables for note in table.unit_notes
                    ),
                    *([TRAINING_NOTE] if has_training else []),
                    *(
                        f"Ours learned from the labels {name}."
                        for name in labels
                        if len(labels) == 1
                    ),
                    *(
                        f"All of ours: {settings_text(table.shared_settings)} (not the default)."
                        for table in comparison.tables
                        if table.shared_settings
                    ),
                ),
                sections=tuple(sections),
            )
        ]


def _same(row: Published, other: Published) -> bool:
    return (row.model, row.sequence_length) == (other.model, other.sequence_length)


def _name(printed: Published) -> str:
    length = "" if printed.sequence_length is None else f", L={printed.sequence_length}"
    return f"{printed.label}{length}"


def _printed(*sides: Published) -> list[str]:
    return [side.shown(measure) for side in sides for measure in MEASURES]


def _ours(
    printed: Published, tables: Sequence[Table], *, has_training: bool
) -> list[tuple[str, ...]]:
    """Return our rows of the same model and length, one line per convention."""
    found = [
        (table, row)
        for table in tables
        for row in table.rows
        if table.folds is None
        and (row.dataset, row.model) == (printed.dataset, printed.model)
        and printed.sequence_length in (None, row.sequence_length)
    ]
    if not found:
        n_empty = len(MEASURES) * (2 if has_training else 1)
        return [("", "ours: not run", *[""] * n_empty)]
    lines = []
    for table, row in found:
        differs = _differences(printed, table, row, tables)
        for convention, suffix in CONVENTIONS.items():
            cells = [
                _against_printed(row, f"rmse_{measure}{suffix}", printed.values[measure])
                for measure in MEASURES
            ]
            if has_training:
                cells += [
                    plus_minus(row.training[name], row.training[f"{name}_std"])
                    for name in (f"rmse_{measure}{suffix}" for measure in MEASURES)
                ]
            lines.append(("", f"ours, {convention}{differs}", *cells))
    return lines


def _differences(printed: Published, table: Table, row: Row, tables: Sequence[Table]) -> str:
    """Name what may keep our row from repeating the printed one."""
    differences = [] if table.features == printed.features else [f"features {table.features}"]
    if len({other.labels for other in tables}) > 1:
        differences.append(f"labels {table.labels}")
    own = row.own_settings(table.shared_settings)
    if own:
        differences.append(settings_text(own))
    if not row.is_complete:
        differences.append(f"{row.n_cells} of {row.n_asked} cells")
    return f" ({', '.join(differences)})" if differences else ""


def _against_printed(row: Row, name: str, printed: str) -> str:
    """Return "0.284 [0.262, 0.309] inside": our mean and interval, and where the printed lies."""
    mean = row.scores.get(name)
    if mean is None:
        return ""
    if name not in row.intervals:
        return f"{mean:.3f}"
    low, high = row.intervals[name]
    place = "" if not printed else " inside" if low <= float(printed) <= high else " outside"
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]{place}"
