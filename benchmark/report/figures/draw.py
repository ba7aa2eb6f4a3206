"""Draw an answer's figures beside other work: a few in a thread, many in processes.

Drawing is most of what a report of thousands of records costs. Processes come from a fork server
where there is one; importing seaborn takes it a second, so few figures are not worth it.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from benchmark.analysis.rows import Table
from benchmark.processes import follow_parent, n_cores, pool_of, preload
from benchmark.record.places import Place, remove
from benchmark.record.store import record_files

FEW = 4  # figures
MANY = 1000  # records
MOST_PROCESSES = 8
HEAVY = ["benchmark.report.figures.tradeoff", "seaborn"]


def prepare_to_draw(results: Path) -> None:
    """Let the fork server import seaborn while many records are read."""
    if sum(1 for _ in islice(record_files(results), MANY)) == MANY:
        preload(HEAVY)


@contextmanager
def drawing_beside(n_figures: int) -> Iterator[Executor]:
    """Lend something that draws `n_figures`, in order, as its jobs are submitted."""
    if n_figures <= FEW:
        with ThreadPoolExecutor(max_workers=1) as thread:  # pyplot knows one figure at a time
            yield thread
        return
    preload(HEAVY)
    with pool_of(min(n_figures, n_cores(), MOST_PROCESSES), follow_parent) as processes:
        yield processes


def drawn_anew(path: Place, draw: Callable[..., Path | None], *shown: Any) -> Path | None:
    """Draw a figure; where there is nothing to draw any more, an earlier one is removed."""
    drawn = draw(*shown, path)
    if drawn is None:
        remove(path)
    return drawn


def light(table: Table) -> Table:
    """Return a table without the records behind it, which no figure shows."""
    return replace(table, rows=tuple(replace(row, cells=(), samples={}) for row in table.rows))
