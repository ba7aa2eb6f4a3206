"""Write an answer: tables as CSV, Markdown and LaTeX, and the figures of every view."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.record.places import Place, place, remove, write_whole
from benchmark.record.store import read_plans
from benchmark.report.answer import Answer, figure_stem, stem_of
from benchmark.report.figures.draw import drawing_beside
from benchmark.report.figures.stale import remove_stale
from benchmark.report.views.registry import ask, ask_all
from benchmark.report.views.view import COLUMN, Figure

FIGURES = ("png",)


def write_answer(answer: Answer, results: Path, figures: Sequence[str] = FIGURES) -> list[Path]:
    """Write tables as CSV, Markdown and LaTeX, and the figures in every format asked for."""
    stem = stem_of(answer.study)
    others = [stem_of(plan.study) for plan in read_plans(results)]
    drawn_stems = [figure_stem(answer.study, table) for table in answer.tables]
    remove_stale(results, stem, set(others) - {stem}, drawn_stems)
    wanted = [pair for kind in figures for pair in _figures(answer, results, kind)]
    with drawing_beside(wanted) as drawn:
        texts: dict[Place, str | None] = {
            place(results, "tables", f"{stem}.csv"): answer.csv(),
            place(results, "tables", f"{stem}.md"): answer.markdown(),
            place(results, "tables", f"{stem}.tex"): answer.latex(),
        }
        for files in ask("files", answer):
            for suffix, text in files.items():
                texts[place(results, "tables", f"{stem}{suffix}")] = text
        for path, text in texts.items():
            if text is None:
                remove(path)  # of an earlier run
            else:
                write_whole(path, text.encode())
    return [*(path for path, text in texts.items() if text is not None), *drawn]


def _figures(answer: Answer, results: Path, kind: str) -> Iterator[tuple[Place, Figure]]:
    ending = "pdf" if kind == COLUMN else kind
    for table in answer.tables:
        stem = figure_stem(answer.study, table)
        for figure in ask_all("table_figures", answer, table, kind):
            yield place(results, "figures", f"{stem}{figure.suffix}.{ending}"), figure
    for figure in ask_all("study_figures", answer, kind):
        name = f"{stem_of(answer.study)}{figure.suffix}.{ending}"
        yield place(results, "figures", name), figure
