"""What every executor promises: tasks in, outcomes out, in the order in which they end."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from benchmark.errors import WorkerLost

Report = Callable[[Any], None]


def nothing(*_: Any) -> None:
    """Do nothing with whatever comes."""


@dataclass(frozen=True)
class Task:
    """One call: `function(*arguments, report)`, where `report(event)` reaches the caller.

    Other processes find the function by its module and name, and get the arguments as copies.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    seconds: float | None = None  # estimated; what is silent for much longer is said


@dataclass(frozen=True)
class Done:
    """A task that returned."""

    task: Task
    value: Any


@dataclass(frozen=True)
class Lost:
    """A task that ended its process, or was ended at a limit; no value, but a reason."""

    task: Task
    reason: str  # "was killed by SIGKILL, twice"
    seconds: float  # that the last try ran


@dataclass(frozen=True)
class Silent:
    """An event: a task has neither ended nor reported for much longer than it should take."""

    task: Task
    seconds: float


Outcome = Done | Lost


@dataclass(frozen=True)
class Limits:
    """What a single task may take; None is no limit."""

    seconds: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Means:
    """What an executor is given to work with."""

    n_workers: int = 1  # tasks at once
    begin: Callable[[], object] = nothing  # called first in every process but this one
    facts: Callable[[], dict[str, str]] = dict  # what must be the same on every machine
    limits: Limits = Limits()
    address: str | None = None  # of a cluster
    n_gpus: float = 0.0  # a task's share of a GPU
    say: Callable[[str], object] = nothing  # shows a line to the user


class Executor(ABC):
    """A way to run tasks; made by `make_executor`, used in a `with` statement."""

    shares_disk: ClassVar[bool] = True  # whether every task sees this machine's files

    def __init__(self, means: Means) -> None:
        """Start nothing yet."""
        self.means = means

    def __enter__(self) -> Self:
        """Return the executor, which has started nothing yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End what runs if an error, or Ctrl-C, ended the `with` statement."""
        if kind is not None:
            self.stop()

    @abstractmethod
    def run(
        self,
        tasks: Iterable[Task],
        on_outcome: Callable[[Outcome], object],
        on_event: Report = nothing,
    ) -> None:
        """Run every task; tasks are taken as workers become free, so they may be made late.

        Both callbacks are called in the calling thread. What a task raises is raised here, as is
        what a callback raises, and ends all other tasks. A task whose process was killed runs once
        more, then it is `Lost`.
        """

    @abstractmethod
    def stop(self) -> None:
        """End all tasks, also from another thread; `run` then returns or raises."""

    def values(
        self,
        function: Callable[..., Any],
        calls: Iterable[tuple[Any, ...]],
        on_value: Callable[[Any], object] = nothing,
    ) -> list[Any]:
        """Return `function(*call)` of every call, in the order in which they end.

        Raises `WorkerLost` where a call ended its process.
        """
        values = []

        def on_outcome(outcome: Outcome) -> None:
            if isinstance(outcome, Lost):
                raise WorkerLost(
                    f"A worker process {outcome.reason}. What is written stays: run the same"
                    " command again, with --workers 1 if it happens again."
                )
            values.append(outcome.value)
            on_value(outcome.value)

        self.run((Task(_called, (function, call)) for call in calls), on_outcome)
        return values


def _called(function: Callable[..., Any], call: tuple[Any, ...], _: Report) -> Any:
    """Call a function that reports nothing."""
    return function(*call)
