"""Write the answer of a search: what the views show of its trials."""

from pathlib import Path

from benchmark.record.places import place, write_whole
from benchmark.record.searches import SearchRecord
from benchmark.report.figures.draw import drawing_beside
from benchmark.report.views.registry import ask, ask_all


def write_search_answer(search: SearchRecord, results: Path) -> list[Path]:
    """Write `tables/search-<name>.csv` and the figures."""
    stem = f"search-{search.name}"
    paths: list[Path] = []
    for files in ask("search_files", search):
        for suffix, text in files.items():
            path = place(results, "tables", f"{stem}{suffix}")
            write_whole(path, text.encode())
            paths.append(path)
    figures = [
        (place(results, "figures", f"{stem}{figure.suffix}.png"), figure)
        for figure in ask_all("search_figures", search)
    ]
    with drawing_beside(figures) as drawn:
        pass
    return [*paths, *drawn]
