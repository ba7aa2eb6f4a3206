"""All views, one row each, in the order in which they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from benchmark.errors import PluginError
from benchmark.report.columns import Columns
from benchmark.report.views.view import Section, View, check
from benchmark.users_code import users_code

if TYPE_CHECKING:
    from benchmark.analysis.comparison import Comparison


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
        "figures and a chart on the page: RMSE against parameters and other costs",
    ),
    "songs": ViewEntry(
        "benchmark.report.views.songs:SongsView",
        "on the page: every song's scores, and its curves over time",
    ),
    "lengths": ViewEntry(
        "benchmark.report.views.lengths:LengthsView",
        "on the page: scores against the sequence length",
    ),
    "repetitions": ViewEntry(
        "benchmark.report.views.repetitions:RepetitionsView",
        "on the page: the score of every repetition",
    ),
    "learning": ViewEntry(
        "benchmark.report.views.learning:LearningView",
        "on the page: learning curves of the networks",
    ),
    "searches": ViewEntry(
        "benchmark.report.views.searches:SearchesView",
        "trials of searches: a CSV, figures, and a chart on their finalists' page",
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


def sections(comparison: "Comparison", results: Path) -> dict[str, tuple[Section, list[Any]]]:
    """Return name -> the part of the page that a view has, and what it draws of every table."""
    found = {}
    for name, entry in VIEWS.items():
        section = _view(entry.target).section
        (drawn,) = ask("drawn", comparison, results, of=[name]) if section else (None,)
        if section is not None and drawn is not None:
            if len(drawn) != len(comparison.tables):
                raise PluginError(
                    f"View '{name}', drawn: {len(drawn)} values for {len(comparison.tables)}"
                    " tables. Return one for each."
                )
            found[name] = section, drawn
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
    found: type[View] = resolve_name(target) if isinstance(target, str) else target
    return found()
