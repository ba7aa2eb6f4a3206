r"""Grids as LaTeX tables: booktabs rules, every special character escaped.

Needs  \usepackage{booktabs,graphicx} in the document; a table wider than the line is shrunk to it
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from benchmark.report.grid import Column, Grid

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "|": r"\textbar{}", "±": r"$\pm$", "×": r"$\times$", '"': "''",
    "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}",
}  # fmt: skip
PREAMBLE = "% needs \\usepackage{booktabs,graphicx}\n"
FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"


def latex(grids: Sequence[Grid]) -> str:
    """Return all grids, one floating table each."""
    return PREAMBLE + "\n".join(_table(grid) for grid in grids)


def _table(grid: Grid) -> str:
    """Return one table with its notes beneath."""
    alignment = "".join("l" if column.is_text else "r" for column in grid.columns)
    lines = [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{escaped(grid.title)}}}", FIT]
    lines += [rf"\begin{{tabular}}{{@{{}}{alignment}@{{}}}}", r"\toprule", *_headings(grid)]
    for number, line in enumerate(grid.lines):
        if number == 0 or number in grid.sections:
            lines.append(r"\midrule")
        lines.append(_row(_cell(*pair) for pair in zip(grid.columns, line, strict=True)))
    lines += [r"\bottomrule", r"\end{tabular}}"]
    if grid.notes:
        notes = r"\\ ".join(escaped(note) for note in grid.notes)
        lines += [
            r"\par\medskip\begin{minipage}{\linewidth}\footnotesize",
            notes,
            r"\end{minipage}",
        ]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _headings(grid: Grid) -> list[str]:
    """Return the headings, with a line of sides above them where there are any."""
    lines = []
    if grid.sides:
        spans, rules, first = [], [], 1
        for side, columns in groupby(grid.columns, key=lambda column: column.side):
            n = len(list(columns))
            spans.append(rf"\multicolumn{{{n}}}{{c}}{{{escaped(side)}}}")
            if side:
                rules.append(rf"\cmidrule(lr){{{first}-{first + n - 1}}}")
            first += n
        lines = [_row(spans), "".join(rules)]
    return [*lines, _row(escaped(column.heading) for column in grid.columns)]


def _row(cells: Iterable[str]) -> str:
    """Return one line of a table."""
    return " & ".join(cells) + r" \\"


def _cell(column: Column, text: str) -> str:
    """Return a cell; numbers have a minus sign, not a hyphen."""
    written = escaped(text)
    return written if column.is_text else re.sub(r"(?<!\d)-(?=\d)", "$-$", written)


def escaped(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return "".join(SPECIAL.get(character, character) for character in text)
