"""Write the answer of a search: every trial as CSV, and its figures."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.analysis.pareto import trials_on_front
from benchmark.record.places import place, write_whole
from benchmark.record.searches import SearchRecord
from benchmark.report.export import plain_cell
from benchmark.report.figures.search import search_figures

if TYPE_CHECKING:
    from pandas import DataFrame


def trials_table(search: SearchRecord) -> "DataFrame":
    """Return one row a trial, a column per setting; `is_on_front` is of RMSE and parameters."""
    from pandas import DataFrame

    on_front = {one.number for one in trials_on_front(search.completed)}
    lines = (
        {
            "search": search.name,
            "trial": one.number,
            "state": one.state,
            "rmse": one.rmse,
            "n_parameters": one.n_parameters,
            "is_on_front": one.number in on_front,
            "is_default": one.is_default,
            "n_epochs": one.n_epochs,
            "seconds": one.seconds,
            "reason": one.reason,
            "cell": one.cell,
            "commit": one.commit,
            **{name: _text(one.values.get(name)) for name in search.identity["space"]},
        }
        for one in search.trials
    )
    return DataFrame(
        {plain_cell(name): plain_cell(value) for name, value in line.items()} for line in lines
    )


def write_search_answer(search: SearchRecord, results: Path) -> list[Path]:
    """Write `tables/search-<name>.csv` and the figures."""
    path = place(results, "tables", f"search-{search.name}.csv")
    write_whole(path, trials_table(search).to_csv(index=False).encode())
    return [path, *search_figures(search, results)]


def _text(value: object) -> object:
    """Return a list as text."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value
