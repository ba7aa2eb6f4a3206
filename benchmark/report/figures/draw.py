"""Draw an answer's figures beside other work: a few in a thread, many in processes.

Drawing is most of what a report of thousands of records costs. Processes come from a fork server
where there is one; importing seaborn takes it a second, so few figures are not worth it.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from benchmark.errors import PluginError
from benchmark.processes import follow_parent, n_cores, pool_of, preload
from benchmark.record.places import Place, remove
from benchmark.record.store import record_files
from benchmark.users_code import users_code

Function = Callable[..., Path | None]
Draw = Callable[..., "Future[Path | None]"]

FEW = 4  # figures
MANY = 1000  # records
MOST_PROCESSES = 8
HEAVY = ["benchmark.report.figures.tradeoff", "seaborn"]


def prepare_to_draw(results: Path) -> None:
    """Let the fork server import seaborn while many records are read."""
    if sum(1 for _ in islice(record_files(results), MANY)) == MANY:
        preload(HEAVY)


@contextmanager
def drawing_beside(n_figures: int) -> Iterator[Draw]:
    """Yield what draws `n_figures` beside other work: `draw(path, function, *shown)`."""
    if n_figures <= FEW:
        with ThreadPoolExecutor(max_workers=1) as thread:  # pyplot knows one figure at a time
            yield lambda *arguments: thread.submit(_drawn_anew, *arguments)
        return
    preload(HEAVY)
    with pool_of(min(n_figures, n_cores(), MOST_PROCESSES), follow_parent) as processes:

        def draw(path: Place, function: Function, *shown: Any) -> "Future[Path | None]":
            if function.__module__.startswith("benchmark."):
                return processes.submit(_drawn_anew, path, function, *shown)
            done: Future[Path | None] = Future()  # processes do not know a user's own function
            done.set_result(_drawn_anew(path, function, *shown))
            return done

        yield draw


def _drawn_anew(path: Place, function: Function, *shown: Any) -> Path | None:
    """Draw a figure; where there is nothing to draw any more, an earlier one is removed."""
    with users_code(f"Figure {path.name}", PluginError):
        drawn = function(*shown, path)
    if drawn is None:
        remove(path)
    return drawn
