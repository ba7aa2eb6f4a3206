"""All executors, one row each. Add a row to add a way to run cells, trials and extractions."""

from dataclasses import dataclass
from pkgutil import resolve_name

from benchmark.errors import PluginError
from benchmark.executors.contract import Executor, Means
from benchmark.lookup import find
from benchmark.users_code import users_code


@dataclass(frozen=True)
class ExecutorEntry:
    """One row: the class of an executor, and where it runs what it is given."""

    target: str | type[Executor]  # "module:Class", imported on first use
    summary: str

    def load(self) -> type[Executor]:
        """Import the class; raises `PluginError` where that cannot be done."""
        if not isinstance(self.target, str):
            return self.target
        with users_code(f"Executor {self.target}", PluginError, "Mend its row in EXECUTORS"):
            loaded: type[Executor] = resolve_name(self.target)
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
    "ray": ExecutorEntry(
        "benchmark.executors.ray_cluster:RayCluster",
        "on the nodes of a Ray cluster, or of a small one of its own on this machine",
    ),
}


def make_executor(name: str, means: Means) -> Executor:
    """Return an executor of a registered kind; raises `UnknownNameError`."""
    return find(EXECUTORS, name, kind="executor").load()(means)
