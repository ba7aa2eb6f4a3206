"""Trials of hyper-parameter searches: a CSV, figures, and a chart on their finalists' page."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.pareto import trials_on_front
from benchmark.record.searches import SearchRecord, read_searches
from benchmark.report.export import plain_cell
from benchmark.report.figures.search import overview_figure
from benchmark.report.figures.settings import LOG, plain, settings_figure
from benchmark.report.views.view import Figure, Section, View

if TYPE_CHECKING:
    from pandas import DataFrame


class SearchesView(View):
    """Every trial of a search; searches have files of their own, before there are finalists."""

    section = Section("Searches", Path(__file__))

    def search_files(self, search: SearchRecord) -> dict[str, str]:
        """Return one line a trial."""
        return {".csv": trials_table(search).to_csv(index=False)}

    def search_figures(self, search: SearchRecord) -> list[Figure]:
        """Return the history with the front, and RMSE against every setting."""
        if not search.completed:
            return []
        return [
            Figure("", overview_figure, (search,)),
            Figure("-settings", settings_figure, (search,)),
        ]

    def drawn(self, comparison: Comparison, results: Path) -> list[Any] | None:
        """Return the trials of the searches that a table has finalists of."""
        searches = read_searches(results)
        groups = [{row.group for row in table.rows} for table in comparison.tables]
        drawn = [
            [
                _drawn(search)
                for search in searches
                if any(finalist["group"] in known for finalist in search.finalists)
            ]
            for known in groups
        ]
        return drawn if any(drawn) else None


def trials_table(search: SearchRecord) -> "DataFrame":
    """Return one row a trial, a column per setting; `is_on_front` is of RMSE and parameters."""
    from pandas import DataFrame

    on_front = {trial.number for trial in trials_on_front(search.completed)}
    first = ("state", "rmse", "n_parameters")
    more = ("is_default", "n_epochs", "seconds", "reason", "cell", "commit")
    lines = (
        {
            "search": search.name,
            "trial": trial.number,
            **{name: getattr(trial, name) for name in first},
            "is_on_front": trial.number in on_front,
            **{name: getattr(trial, name) for name in more},
            **{name: plain(trial.values.get(name)) for name in search.identity["space"]},
        }
        for trial in search.trials
    )
    return DataFrame(
        {plain_cell(name): plain_cell(value) for name, value in line.items()} for line in lines
    )


def _drawn(search: SearchRecord) -> dict[str, Any]:
    return {
        "name": search.name,
        "model": search.identity["model"],
        "folds": search.identity["folds"],
        "settings": {name: LOG in domain for name, domain in search.identity["space"].items()},
        "trials": [
            {
                "number": trial.number,
                "state": trial.state,
                "rmse": trial.rmse,
                "parameters": trial.n_parameters,
                "isDefault": trial.is_default,
                "values": {name: plain(value) for name, value in trial.values.items()},
            }
            for trial in search.trials
        ],
        "front": [(trial.n_parameters, trial.rmse) for trial in trials_on_front(search.completed)],
        "finalists": [
            {key: finalist[key] for key in ("trial", "rmse", "rmse_std", "n_parameters", "values")}
            for finalist in search.finalists
        ],
    }
