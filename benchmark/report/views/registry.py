"""All views, one row each, in the order in which they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from benchmark.errors import PluginError
from benchmark.report.columns import Columns
from benchmark.report.views.view import View, check
from benchmark.users_code import users_code


@dataclass(frozen=True)
class ViewEntry:
    """One row: the class of a view, and what it shows."""

    target: str | type[View]  # "module:Class", imported on first use
    summary: str


VIEWS = {
    "paper": ViewEntry(
        "benchmark.report.views.paper:PaperView",
        "the paper's own tables: printed values, ours, inside or outside",
    ),
    "ablations": ViewEntry(
        "benchmark.report.views.ablations:AblationsView",
        "what each changed setting or other labels do, against the default",
    ),
    "scores": ViewEntry(
        "benchmark.report.views.scores:ScoresView",
        "RMSE of every row, pooled and per song, over repetitions",
    ),
    "contrasts": ViewEntry(
        "benchmark.report.views.contrasts:ContrastsView",
        "model against model on the same songs, with p-values",
    ),
    "ranking": ViewEntry(
        "benchmark.report.views.ranking:RankingView",
        "how safe each rank is when songs and repetitions are resampled",
    ),
    "metrics": ViewEntry(
        "benchmark.report.views.metrics:MetricsView",
        "every other metric, per song and over all frames",
    ),
    "components": ViewEntry(
        "benchmark.report.views.components:ComponentsView",
        "the members and fusions of composed models",
    ),
    "published": ViewEntry(
        "benchmark.report.views.published:PublishedView",
        "what others printed for the same songs",
    ),
    "tradeoff": ViewEntry(
        "benchmark.report.views.tradeoff:TradeoffView",
        "figure: RMSE against parameters and other costs",
    ),
}


def ask(method: str, *arguments: Any, of: Iterable[str] | None = None) -> list[Any]:
    """Return what each view, or each one named, returns for a method, in the table's order.

    What a user's own view raises, or returns instead of a list or mapping, is a `PluginError`.
    """
    found = []
    for name, entry in VIEWS.items():
        if of is None or name in of:
            with users_code(f"View '{name}', {method}", PluginError):
                value = getattr(_view(entry.target), method)(*arguments)
                check(method, value)
            found.append(value)
    return found


def ask_all(method: str, *arguments: Any, of: Iterable[str] | None = None) -> list[Any]:
    """Return what all views return for a method, in one list."""
    return [item for items in ask(method, *arguments, of=of) for item in items]


def check_columns(entry: ViewEntry) -> None:
    """Refuse a view whose columns are no mapping, or have names that are taken, with an error."""
    from benchmark.report.schema import row_columns

    columns = _view(entry.target).columns
    if not (isinstance(columns, dict) and all(isinstance(kind, dict) for kind in columns.values())):
        raise TypeError("columns must map names to what benchmark.report.columns makes")
    if taken := sorted(columns.keys() & row_columns().keys()):
        raise ValueError(f"its columns have names that are taken: {', '.join(taken)}")


def more_columns() -> Columns:
    """Return the columns that views add to a row."""
    return {
        name: kind for entry in VIEWS.values() for name, kind in _view(entry.target).columns.items()
    }


def _view(target: str | type[View]) -> View:
    """Return the view of a row, which keeps nothing."""
    found: type[View] = resolve_name(target) if isinstance(target, str) else target
    return found()
