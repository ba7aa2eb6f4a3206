"""A process that runs one task after another, and what its parent knows of it.

Each has a pipe of its own and shares no lock, so that one killed at any moment harms no other.
"""

import multiprocessing
import pickle
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from benchmark.errors import WorkerLost
from benchmark.executors.contract import Report, Task
from benchmark.executors.starting import METHOD, follow_parent, start_server
from benchmark.users_code import described

SECONDS_TO_END = 5.0
DONE, RAISED, EVENT = "done", "raised", "event"


class Worker:
    """The parent's side of a process: its pipe, its task, and since when it is silent."""

    def __init__(self, begin: Callable[[], object]) -> None:
        """Start the process. Raises `WorkerLost` if the server that forks was killed."""
        context: Any = multiprocessing.get_context(METHOD)  # whose Process typeshed leaves out
        self.connection, childs = context.Pipe()
        self.process = context.Process(target=serve, args=(childs, begin), daemon=False)
        start_server()
        try:
            self.process.start()
        except (EOFError, ConnectionError) as error:  # of a connection to a dead server
            raise WorkerLost(
                "The process that starts workers was killed, perhaps for want of memory. What is"
                " written stays: run the same command again."
            ) from error
        finally:
            childs.close()
        self.task: Task | None = None
        self.began = self.spoke = time.monotonic()
        self.is_said_silent = False

    def give(self, task: Task) -> None:
        """Hand over a task; a process that is gone is found out by reading."""
        self.task, self.is_said_silent = task, False
        self.began = self.spoke = time.monotonic()
        with suppress(BrokenPipeError, ConnectionError):
            self.connection.send((task.function, task.arguments))

    def receive(self) -> tuple[str, Any] | None:
        """Return the next message, (DONE, RAISED or EVENT, and its value); None of a dead one."""
        self.spoke, self.is_said_silent = time.monotonic(), False
        try:
            message: tuple[str, Any] = self.connection.recv()
        except (EOFError, OSError):
            return None
        return message

    def is_silent(self, now: float, factor: float, grace: float) -> bool:
        """Tell whether nothing came for `factor` times the task's estimated seconds and `grace`."""
        if self.task is None or self.task.seconds is None or self.is_said_silent:
            return False
        return now - self.spoke > factor * self.task.seconds + grace

    def death(self) -> str:
        """Return how the process ended: "was killed by SIGKILL"."""
        self.process.join(SECONDS_TO_END)
        code = self.process.exitcode
        if code is not None and code < 0:
            with suppress(ValueError):
                return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def close(self) -> None:
        """Let an idle process end by itself: it finds its pipe closed."""
        self.connection.close()

    def kill(self) -> None:
        """End the process now, and those that its task started."""
        import psutil

        with suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
        with suppress(OSError, ValueError):
            self.process.terminate()
        self.connection.close()

    def wait(self) -> None:
        """Wait for the end of a process that was closed or killed, and insist."""
        self.process.join(SECONDS_TO_END)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def serve(connection: Connection, begin: Callable[[], object]) -> None:
    """Run tasks until the pipe is closed."""
    follow_parent()

    def report(event: Any) -> None:
        connection.send((EVENT, event))

    try:
        begin()
    except Exception as error:
        _answer(connection, RAISED, portable(error))
        return
    with suppress(EOFError, ConnectionError):  # the parent is done, or gone
        while True:
            function, arguments = connection.recv()
            _answer(connection, *_called(function, arguments, report))


def _called(
    function: Callable[..., Any], arguments: tuple[Any, ...], report: Report
) -> tuple[str, Any]:
    """Call a function; where its error came from goes along as a note."""
    try:
        return DONE, function(*arguments, report)
    except BaseException as error:
        return RAISED, portable(error)


def portable(error: BaseException) -> BaseException:
    """Return an error with its traceback as a note; where it would not arrive whole, its text."""
    error.add_note(traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(described(error))
    return error


def _answer(connection: Connection, kind: str, value: Any) -> None:
    """Send an outcome; of a value that cannot be sent, why not."""
    try:
        packed = pickle.dumps((kind, value))
    except Exception as error:
        packed = pickle.dumps((RAISED, portable(error)))
    connection.send_bytes(packed)
