"""A command that is stopped prints one sentence, ends its processes and leaves as shells expect."""

import signal
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import FrameType
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

from benchmark.signals import Stopped, handled_by

P = ParamSpec("P")
T = TypeVar("T")
SECONDS_TO_END = 5.0


def stoppable(command: Callable[P, T], sentence: str) -> Callable[P, T]:
    """Return a command that ends with a sentence, without children and with 128 + N at signal N."""

    @wraps(command)
    def stoppable_command(*arguments: P.args, **options: P.kwargs) -> T:
        numbers: list[int] = []

        def stop(number: int, _: FrameType | None) -> NoReturn:
            numbers.append(number)
            raise Stopped

        with handled_by(stop):
            try:
                try:
                    value = command(*arguments, **options)
                except Exception:  # typer's own exit included
                    if not numbers:
                        raise
                if numbers:  # lost on its way, as in a finalizer, or SQLAlchemy made another of it
                    raise KeyboardInterrupt
                return value
            except KeyboardInterrupt:
                with handled_by(lambda *_: None):  # pressed again: it is the same wish
                    end_children()
                    with suppress(OSError):  # of a terminal that is gone
                        typer.echo(sentence, err=True)
                raise typer.Exit(128 + (numbers or [signal.SIGINT])[0]) from None

    return stoppable_command


def end_children() -> None:
    """End every process below this one but Python's resource tracker, which ends with it."""
    import psutil

    every = [child for child in psutil.Process().children(recursive=True) if not _tracks(child)]
    for process in every:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(every, timeout=SECONDS_TO_END)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _tracks(process: Any) -> bool:
    """Tell Python's resource tracker: it ignores TERM, and killed would leave semaphores behind."""
    import psutil

    with suppress(psutil.Error):
        return any("resource_tracker" in word for word in process.cmdline())
    return False
