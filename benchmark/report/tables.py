"""What tables have in common: headings, cells as people read them, notes on what is lacking."""

from collections.abc import Iterable, Sequence
from typing import Literal

from benchmark.analysis.rows import ERROR_NAMES, Row, Table
from benchmark.evaluate.registry import CONVENTIONS, MEASURES, all_names
from benchmark.record.record import Scores
from benchmark.report.grid import Column

SCORES = tuple(
    Column(measure, convention, better="lower")
    for convention in CONVENTIONS
    for measure in MEASURES
)
NOT_SCORED = "No {what} in {rows}: recorded before it was scored; --fresh trains again."


def heading(table: Table) -> str:
    """Return what ran on what, with the dataset's caveat."""
    return f"dataset {table.dataset}{_caveat(table)} ({_songs(table)})"


def title(table: Table) -> str:
    """Return the heading with the start of the songs' digest, for text that travels alone."""
    return f"dataset {table.dataset}{_caveat(table)} ({_songs(table)}, digest {table.digest[:12]})"


def _caveat(table: Table) -> str:
    return f": {table.caveat}" if table.caveat else ""


def _songs(table: Table) -> str:
    labels = f", labels {table.labels}" if table.has_label_choice else ""
    return f"{table.features}{labels}, {table.size}{table.folds_text}"


def unranked(table: Table) -> frozenset[int]:
    """Return the lines of no best value: rows that chose on evaluation songs, and references."""
    n_rows = len(table.rows)
    selected = (place for place, row in enumerate(table.rows) if row.is_selected_on_evaluation)
    return frozenset([*selected, *range(n_rows, n_rows + len(table.references))])


def is_scored(rows: Iterable[Row], score: str) -> bool:
    """Tell whether one of the rows has a score; older records lack those of later metrics."""
    return any(row.scores.get(score) is not None for row in rows)


def scored_names(table: Table) -> list[str]:
    """Return the scores that some row of the table has, metric by metric."""
    return [name for name in all_names() if is_scored(table.rows, name)]


def lacking(table: Table, score: str, what: str) -> list[str]:
    """Name the complete rows whose records are older than a score that others have."""
    shared = table.shared_settings
    without = [
        row.name(shared) for row in table.rows if row.is_complete and not is_scored([row], score)
    ]
    has_it = is_scored(table.rows, score)
    return [NOT_SCORED.format(what=what, rows="; ".join(without))] if without and has_it else []


def shown(scores: Scores, names: Sequence[str] = ERROR_NAMES) -> list[str]:
    """Return scores as people read them, with their spread where there is one."""
    return [plus_minus(scores.get(name), scores.get(f"{name}_std")) for name in names]


def plus_minus(mean: float | None, spread: float | None) -> str:
    """Return "0.242 ± 0.002", with as many digits as the paper prints."""
    if mean is None:
        return ""
    return rounded(mean) if spread is None else f"{rounded(mean)} ± {spread:.3f}"


def rounded(value: float, sign: Literal["", "+"] = "") -> str:
    """Return "0.242", or with a sign "+0.242"; what rounds to zero has none."""
    text = format(value, f"{sign}.3f")
    return text.lstrip("+-") if float(text) == 0 else text


def interval_text(value: float, interval: tuple[float, float]) -> str:
    """Return "+0.004 [-0.002, +0.010]"."""
    low, high = interval
    return f"{rounded(value, '+')} [{rounded(low, '+')}, {rounded(high, '+')}]"
