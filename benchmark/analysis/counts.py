"""Which of the cells that were asked for are done, and which rows lack some."""

from collections import Counter
from collections.abc import Iterable, Mapping

from benchmark.record.record import RunRecord
from benchmark.record.store import latest_by_cell


def count_cells(
    records: Iterable[RunRecord], asked: Iterable[str]
) -> tuple[dict[str, int], list[RunRecord]]:
    """Count the cells that were asked for by what became of them; name the ones gone wrong."""
    found = latest_by_cell(records)
    cells = list(asked)
    counts = {"done": 0, "diverged": 0, "failed": 0, "missing": 0}
    for cell in cells:
        counts[found[cell].status if cell in found else "missing"] += 1
    problems = [found[cell] for cell in cells if cell in found and found[cell].status != "done"]
    return counts, sorted(problems, key=lambda record: record.name)


def without_record(records: Iterable[RunRecord], asked: Mapping[str, str]) -> list[str]:
    """Return one line per row that lacks records, "crnn-L60: 2 of 5 cells have no record".

    A row is called as its other cells are; one that has none is counted alone.
    """
    found = latest_by_cell(records)
    n_asked, n_missing = Counter(asked.values()), Counter[str]()
    n_missing.update(group for cell, group in asked.items() if cell not in found)
    names = {
        record.group: f"{record.dataset} {record.features} {record.name.rpartition('-r')[0]}"
        for record in found.values()
    }
    lines = [
        f"{names[group]}: {n} of {n_asked[group]} cells have no record"
        for group, n in n_missing.items()
        if group in names
    ]
    nameless = [n for group, n in n_missing.items() if group not in names]
    if nameless:
        lines.append(f"{sum(nameless)} cells of {len(nameless)} rows that have no record at all")
    return sorted(lines)
