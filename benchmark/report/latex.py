r"""Grids as LaTeX tables: booktabs rules, labels, best values in bold, special characters escaped.

Label  \ref{tab:vgmidi-rmse} of study `vgmidi`: first words of the title; then -2, -3
Bold   the best value of its column as printed: which rows are surely better, contrasts tell
Needs  \usepackage{booktabs,graphicx} in the document; a table wider than the line is shrunk to it
"""

import re
from collections import Counter
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


BOLD = "Bold: the best of its column, as printed."
VALUE = re.compile(r"(-?\d+\.\d+)( ± \d+\.\d+)?")


def latex(grids: Sequence[Grid], study: str) -> str:
    """Return all grids, one floating table each, with labels that are unique in the study."""
    n_met = Counter[str]()
    tables = []
    for grid in grids:
        label = f"tab:{_slug(study)}-{_slug(re.split('[:,(]', grid.title)[0])}"
        n_met[label] += 1
        tables.append(_table(grid, label if n_met[label] == 1 else f"{label}-{n_met[label]}"))
    return PREAMBLE + "\n".join(tables)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _table(grid: Grid, label: str) -> str:
    alignment = "".join("l" if column.is_text else "r" for column in grid.columns)
    caption = escaped(grid.title.replace("_", " "))
    lines = [f"% {' '.join(text.split())}" for text in (grid.title, grid.source) if text]
    lines += [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{caption}}}"]
    lines += [rf"\label{{{label}}}", FIT]
    lines += [rf"\begin{{tabular}}{{@{{}}{alignment}@{{}}}}", r"\toprule", *_headings(grid)]
    best = _best(grid)
    for number, line in enumerate(grid.lines):
        if number == 0 or number in grid.sections:
            lines.append(r"\midrule")
        lines.append(
            _row(
                _cell(column, text, is_best=(number, place) in best)
                for place, (column, text) in enumerate(zip(grid.columns, line, strict=True))
            )
        )
    lines += [r"\bottomrule", r"\end{tabular}}"]
    written = (*grid.notes, *([BOLD] if best else []))
    if written:
        notes = r"\\ ".join(escaped(note) for note in written)
        lines += [
            r"\par\medskip\begin{minipage}{\linewidth}\footnotesize",
            notes,
            r"\end{minipage}",
        ]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _best(grid: Grid) -> set[tuple[int, int]]:
    """Return (line, column) of every best value; equal ones share it, one alone is none."""
    found = set()
    for place, column in enumerate(grid.columns):
        values = {
            number: float(match[1])
            for number, line in enumerate(grid.lines)
            if column.better
            and number not in grid.unranked
            and (match := VALUE.fullmatch(line[place]))
        }
        if len(values) > 1:
            best = min(values.values()) if column.better == "lower" else max(values.values())
            found |= {(number, place) for number, value in values.items() if value == best}
    return found


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
    return " & ".join(cells) + r" \\"


def _cell(column: Column, text: str, *, is_best: bool) -> str:
    """Return a cell; numbers have a minus sign, not a hyphen, and the best mean is bold."""
    if column.is_text:
        return escaped(text)
    mean, sign, spread = text.partition(" ± ") if is_best else (text, "", "")
    written = re.sub(r"(?<!\d)-(?=\d)", "$-$", escaped(mean))
    return rf"\textbf{{{written}}}{escaped(sign + spread)}" if is_best else written


def escaped(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return "".join(SPECIAL.get(character, character) for character in text)
