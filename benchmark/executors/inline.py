"""One task after another in this process: for debugging, and for what is too small to share."""

from collections.abc import Callable, Iterable

from benchmark.executors.contract import Done, Executor, Outcome, Report, Task, nothing


class Inline(Executor):
    """Runs tasks in this process; a task that kills it, kills it, and limits do not reach it."""

    is_stopped = False

    def run(
        self,
        tasks: Iterable[Task],
        on_outcome: Callable[[Outcome], object],
        on_event: Report = nothing,
    ) -> None:
        """Run every task in turn."""
        for task in tasks:
            if self.is_stopped:
                return
            on_outcome(Done(task, task.function(*task.arguments, on_event)))

    def stop(self) -> None:
        """Begin no further task."""
        self.is_stopped = True
