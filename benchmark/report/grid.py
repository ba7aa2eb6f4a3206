"""A grid of text with a title and notes, drawn for a terminal or as Markdown."""

from dataclasses import dataclass, replace
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

PADDING = 2  # columns of a terminal between two columns of a grid
MOST_LINES = 100  # of a grid on a terminal; the files have all


@dataclass(frozen=True)
class Column:
    """A heading; columns of one side stay together where a terminal is too narrow for all."""

    heading: str
    side: str = ""  # "": shown beside every side
    is_text: bool = False  # read from the left
    better: Literal["", "lower", "higher"] = ""


@dataclass(frozen=True)
class Grid:
    """Lines of cells as people read them."""

    title: str
    columns: tuple[Column, ...]
    lines: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    sections: tuple[int, ...] = ()  # a rule is drawn after so many lines
    unranked: frozenset[int] = frozenset()  # lines that are no candidates for the best value
    source: str = ""  # which songs it was measured on: a note, and in LaTeX a comment

    @property
    def sides(self) -> list[str]:
        """Return the sides in order."""
        return list(dict.fromkeys(column.side for column in self.columns if column.side))

    @property
    def every_note(self) -> tuple[str, ...]:
        """Return the notes, the source last."""
        return (*self.notes, *([self.source] if self.source else []))

    def width(self) -> int:
        """Return how many columns of a terminal hold the grid."""
        headings = [max(len(column.heading), len(column.side)) for column in self.columns]
        cells = [max(map(len, column)) for column in zip(*self.lines, strict=True)]
        return sum(max(pair) + PADDING for pair in zip(headings, cells or headings, strict=True))


def without_empty(grid: Grid) -> Grid:
    """Return a grid less the columns that no line fills, as r of constant annotations.

    Where no measure has a value, all columns stay: then cells are missing, not measures.
    """
    measures = [index for index, column in enumerate(grid.columns) if column.better]
    empty = {index for index in measures if not any(line[index] for line in grid.lines)}
    if len(empty) == len(measures):
        return grid
    kept = [index for index in range(len(grid.columns)) if index not in empty]
    return replace(
        grid,
        columns=tuple(grid.columns[index] for index in kept),
        lines=tuple(tuple(line[index] for index in kept) for line in grid.lines),
    )


def terminal_tables(grid: Grid, width: int) -> list[RichTable]:
    """Return the grid for a terminal: in one piece, or one a side where it is narrow."""
    if grid.width() <= width or not grid.sides:
        return [_drawn(grid, range(len(grid.columns)))]
    return [
        _drawn(grid, [i for i, column in enumerate(grid.columns) if column.side in ("", side)])
        for side in grid.sides
    ]


def _drawn(grid: Grid, shown: range | list[int]) -> RichTable:
    drawn = RichTable(
        title=Text(grid.title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for index in shown:
        column = grid.columns[index]
        heading = f"{column.heading}\n{column.side}" if column.side else column.heading
        justify = "left" if column.is_text else "right"
        drawn.add_column(Text(heading), justify=justify, no_wrap=bool(column.side))  # type: ignore[arg-type]
    for number, line in enumerate(grid.lines[:MOST_LINES], start=1):
        drawn.add_row(*(Text(line[index]) for index in shown), end_section=number in grid.sections)
    if len(grid.lines) > MOST_LINES:
        drawn.caption = f"{len(grid.lines) - MOST_LINES} more lines are in the files written"
    return drawn


def markdown(grid: Grid) -> str:
    """Return the grid in GitHub's Markdown, notes included."""
    headings = [
        f"{column.heading}, {column.side}" if column.side else column.heading
        for column in grid.columns
    ]
    rules = ["---" if column.is_text else "---:" for column in grid.columns]
    lines = [f"**{grid.title}**", ""]
    lines += [f"| {' | '.join(map(_cell, cells))} |" for cells in [headings, rules, *grid.lines]]
    if grid.every_note:
        lines += ["", *(f"- {note}" for note in grid.every_note)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
