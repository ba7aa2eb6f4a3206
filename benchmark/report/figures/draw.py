"""Draw an answer's figures beside other work: a few in a thread, many in processes.

Drawing is most of what a report of thousands of records costs. Processes come from a fork server
where there is one; importing seaborn takes it a second, so few figures are not worth it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice, starmap
from pathlib import Path
from typing import Any

from benchmark.errors import PluginError
from benchmark.executors.contract import Executor, Means
from benchmark.executors.registry import make_executor
from benchmark.executors.starting import n_cores, preload
from benchmark.record.places import Place, remove
from benchmark.record.store import record_files
from benchmark.report.views.view import Figure
from benchmark.users_code import users_code

FEW = 4  # figures
MANY = 1000  # records
MOST_PROCESSES = 8
HEAVY = ["benchmark.report.figures.tradeoff", "seaborn"]


def prepare_to_draw(results: Path) -> None:
    """Let the fork server import seaborn while many records are read."""
    if sum(1 for _ in islice(record_files(results), MANY)) == MANY:
        preload(HEAVY)


@contextmanager
def drawing_beside(figures: Sequence[tuple[Place, Figure]]) -> Iterator[list[Path]]:
    """Draw figures beside what is done inside; afterwards the list holds the files, in order."""
    drawn: list[Path] = []
    kind = "processes" if len(figures) > FEW else "inline"
    n_processes = max(1, min(len(figures), n_cores(), MOST_PROCESSES))
    with (
        ThreadPoolExecutor(max_workers=1) as thread,  # pyplot knows one figure at a time
        make_executor(kind, Means(n_workers=n_processes)) as executor,
    ):
        drawing = thread.submit(_draw, figures, executor)
        yield drawn
        drawn += drawing.result()


def _draw(figures: Sequence[tuple[Place, Figure]], executor: Executor) -> list[Path]:
    """Draw figures, those of a user's own functions, which processes do not know, in this one."""
    ours: list[tuple[Any, ...]] = []
    users: list[tuple[Any, ...]] = []
    for path, figure in figures:
        is_ours = figure.draw.__module__.startswith("benchmark.")
        (ours if is_ours else users).append((path, figure.draw, *figure.shown))
    drawn = {*executor.values(_drawn_anew, ours), *starmap(_drawn_anew, users)}
    return [path for path, _ in figures if path in drawn]


def _drawn_anew(path: Place, function: Callable[..., Path | None], *shown: Any) -> Path | None:
    """Draw a figure; where there is nothing to draw any more, an earlier one is removed."""
    with users_code(f"Figure {path.name}", PluginError):
        drawn = function(*shown, path)
    if drawn is None:
        remove(path)
    return drawn
