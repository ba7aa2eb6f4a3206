"""What a view may show; a view of one's own overrides what it has."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from benchmark.report.columns import Columns

if TYPE_CHECKING:  # listing views needs none of it
    from benchmark.analysis.comparison import Comparison
    from benchmark.analysis.rows import Table
    from benchmark.record.searches import SearchRecord
    from benchmark.report.grid import Grid

COLUMN = "column"  # a kind of figures: PDF for one column of a paper
Values = Mapping[str, Mapping[str, Any]]  # a row's group -> column -> value


@dataclass(frozen=True)
class Figure:
    """A figure to draw: `draw(*shown, path)` returns the path, or None for nothing to draw."""

    suffix: str  # of the file's name, after the table's or study's own: "-costs"
    draw: Callable[..., Any]
    shown: Sequence[Any] = ()


@dataclass(frozen=True)
class Section:
    """A view's part of the page: its heading, and a template and a script beside a file.

    Of `ranges.py`, `ranges.html` is filled in by Jinja, and `ranges.js` sets `views.NAME`, by the
    view's name in the table of views, to what draws: see `page/page.js`.
    """

    title: str
    beside: Path

    def read(self, ending: str) -> str:
        """Return the template (".html") or the script (".js")."""
        return self.beside.with_suffix(ending).read_text(encoding="utf-8")


class View:
    """One way to look at a comparison of models: tables, figures, columns of CSV and JSON.

    Whatever it shows comes from the comparison, which is computed once and shared by all views.
    """

    columns: ClassVar[Columns] = {}  # of every row, in CSV and JSON; `values` fills them
    section: ClassVar[Section | None] = None  # of the page; tables stand there without one

    def study_grids(self, comparison: "Comparison") -> "list[Grid]":
        """Return tables over the whole study, shown before those of single datasets."""
        return []

    def table_grids(self, comparison: "Comparison", table: "Table") -> "list[Grid]":
        """Return tables about the rows of one dataset and feature set."""
        return []

    def values(self, comparison: "Comparison", table: "Table") -> Values:
        """Return the values of the view's columns."""
        return {}

    def study_figures(self, comparison: "Comparison", kind: str) -> list[Figure]:
        """Return figures over the whole study; `kind` is png, svg, pdf or column."""
        return []

    def table_figures(self, comparison: "Comparison", table: "Table", kind: str) -> list[Figure]:
        """Return figures about the rows of one dataset and feature set."""
        return []

    def files(self, comparison: "Comparison") -> Mapping[str, str | None]:
        """Return further files of tables: suffix of the name -> text, None for nothing to say."""
        return {}

    def drawn(self, comparison: "Comparison", results: Path) -> list[Any] | None:
        """Return what the section's script draws, a JSON-ready value a table.

        None where the page of this comparison needs no such section.
        """
        return [None] * len(comparison.tables)

    def search_files(self, search: "SearchRecord") -> Mapping[str, str]:
        """Return files of tables about a search's trials: suffix of the name -> text."""
        return {}

    def search_figures(self, search: "SearchRecord") -> list[Figure]:
        """Return figures about a search's trials."""
        return []


def check(method: str, returned: Any) -> None:
    """Refuse what a method of a view must not return, with a TypeError."""
    from benchmark.report.grid import Column, Grid

    kind = {"grids": Grid, "figures": Figure}.get(method.rpartition("_")[2])
    if method == "drawn":
        if not isinstance(returned, list | None):
            raise TypeError("drawn must return a list with a value for each table, or None")
        json.dumps(returned, allow_nan=False)
        return
    if kind is None and not isinstance(returned, Mapping):
        raise TypeError(f"{method} returned a {type(returned).__name__}, not a mapping")
    if kind is not None and not (
        isinstance(returned, list) and all(isinstance(item, kind) for item in returned)
    ):
        raise TypeError(f"{method} must return a list of {kind.__name__}s")
    for grid in returned if kind is Grid else ():
        texts = (grid.title, *grid.notes, *(cell for line in grid.lines for cell in line))
        if not all(isinstance(text, str) for text in texts):
            raise TypeError(f"table {grid.title!r:.100} has a title, note or cell that is no text")
        if not all(isinstance(column, Column) for column in grid.columns):
            raise TypeError(f"table {grid.title!r:.100} has a column that is no Column")
        if any(len(line) != len(grid.columns) for line in grid.lines):
            raise TypeError(f"table {grid.title!r:.100} has a line without a cell for each column")
    for inner in returned.values() if method == "values" else ():
        if not isinstance(inner, Mapping):
            raise TypeError("values must map a row's group to a mapping of columns to values")
