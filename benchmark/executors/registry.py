"""All executors, one row each. Add a row to add a way to run cells, trials and extractions."""

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name

from benchmark.executors.contract import Executor, Limits, nothing
from benchmark.lookup import find


@dataclass(frozen=True)
class ExecutorEntry:
    """One row: the class of an executor, and where it runs what it is given."""

    target: str | type[Executor]  # "module:Class", imported on first use
    summary: str

    def load(self) -> type[Executor]:
        """Import the class."""
        loaded: type[Executor] = (
            resolve_name(self.target) if isinstance(self.target, str) else self.target
        )
        return loaded


EXECUTORS = {
    "inline": ExecutorEntry(
        "benchmark.executors.inline:Inline",
        "one after another in this process, for debugging: a crash ends everything",
    ),
    "processes": ExecutorEntry(
        "benchmark.executors.processes:Processes",
        "in processes of this machine; one that is killed is replaced",
    ),
}


def make_executor(
    name: str,
    n_workers: int,
    begin: Callable[[], object] = nothing,
    limits: Limits | None = None,
) -> Executor:
    """Return an executor of a registered kind; raises `UnknownNameError`."""
    return find(EXECUTORS, name, kind="executor").load()(n_workers, begin, limits)
