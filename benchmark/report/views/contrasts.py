"""Model against model as a table: difference, interval, songs improved, p."""

from collections.abc import Sequence
from typing import Any

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.contrasts import DEFAULT, SHOWN, Contrast, Pair, matching, pairs_of
from benchmark.analysis.permutation import EXACT_UNITS
from benchmark.analysis.rows import Table
from benchmark.report.export import contrasts_csv
from benchmark.report.grid import Column, Grid
from benchmark.report.tables import interval_text
from benchmark.report.views.view import View

SUMMED = "Signs are flipped family by family, of the sum of its songs' differences."
SMALLEST = " With {n} signs no p is below {p:.3g}."


class ContrastsView(View):
    """The comparisons that a study declared, and one CSV of them."""

    def table_grids(self, comparison: Comparison, table: Table) -> list[Grid]:
        """Return a line per contrast."""
        return contrast_grids(table, comparison.contrasts_of(table), comparison.declared)

    def files(self, comparison: Comparison) -> dict[str, str | None]:
        """Return the contrasts of all tables; None removes those of an earlier run."""
        has_any = any(found for _, found in comparison.contrasts)
        return {"-contrasts.csv": contrasts_csv(comparison.contrasts) if has_any else None}


def contrast_grids(
    table: Table, found: Sequence[Contrast], declared: Sequence[Pair] | None
) -> list[Grid]:
    """Return one line per contrast, and what is lacking; no grid where there is neither."""
    shared = table.shared_settings
    pairs = DEFAULT if declared is None else declared
    lacking = [*_incomplete(table, pairs), *([] if declared is None else _unmatched(table, pairs))]
    if not found and not lacking:
        return []
    origin = "the default ones" if declared is None else "declared by the study"
    n_declared = found[0].n_declared if found else len(pairs_of(table, pairs))
    return [
        Grid(
            title="Model against model, the same songs: difference of average RMSE",
            columns=(
                Column("model", is_text=True),
                Column("against", is_text=True),
                *(Column("difference [95 %]", convention) for convention in SHOWN),
                Column("songs improved"),
                Column("p"),
                Column("p, Holm"),
            ),
            lines=tuple(_cells(contrast, shared) for contrast in found),
            notes=(
                f"Contrasts: {origin}, {n_declared} of them. Below zero the model is better."
                " p: sign flips of the per-song differences, mean over repetitions first;"
                " Holm: corrected for the number of contrasts, made or not.",
                *_unit_notes(table),
                *lacking,
            ),
        )
    ]


def _unit_notes(table: Table) -> list[str]:
    """Say that families are the unit and, where they are few, how small p can be at best."""
    if not table.units or table.units.n_families is None:
        return []
    n = table.units.n_families
    smallest = SMALLEST.format(n=n, p=2 / 2**n) if n <= EXACT_UNITS else ""
    return [*table.unit_notes, SUMMED + smallest]


def _incomplete(table: Table, pairs: Sequence[Pair]) -> list[str]:
    """Say which rows would take part had they all their cells."""
    sides = {side for pair in pairs for side in pair}
    return [
        f"{row.name(table.shared_settings)}: {row.n_cells} of {row.n_asked} cells, so not compared."
        for row in table.rows
        if not row.is_complete
        and not row.is_selected_on_evaluation
        and any(matching(side, [row]) for side in sides)
    ]


def _unmatched(table: Table, pairs: Sequence[Pair]) -> list[str]:
    """Say which sides of declared contrasts name no row of the table."""
    sides = dict.fromkeys(side for pair in pairs for side in pair)
    return [
        f"{side}: declared for comparison, but no row of this table."
        for side in sides
        if not matching(side, table.rows)
    ]


def _cells(contrast: Contrast, shared: dict[str, Any]) -> tuple[str, ...]:
    moves = [
        interval_text(contrast.values[name], contrast.intervals[name]) for name in SHOWN.values()
    ]
    return (
        contrast.row.name(shared),
        contrast.base.name(shared),
        *moves,
        _improved(contrast),
        p_text(contrast.p),
        p_text(contrast.p_holm),
    )


def _improved(contrast: Contrast) -> str:
    """Return "30 of 45", with families "30 of 45 (7 of 9 families)"."""
    units = contrast.units
    songs = f"{round(contrast.share_improved * units.n_songs)} of {units.n_songs}"
    if units.n_families is None or contrast.share_families_improved is None:
        return songs
    n_improved = round(contrast.share_families_improved * units.n_families)
    return f"{songs} ({n_improved} of {units.n_families} families)"


def p_text(p: float) -> str:
    """Return "0.034"; below a thousandth "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
