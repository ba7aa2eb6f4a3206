"""Ctrl-C at the right moment: at once while a network trains, later while something is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmark.signals import intercepted


class Interrupt:
    """Remembers that Ctrl-C was pressed, or TERM came; stops where that does no harm.

    A database that is interrupted in the middle of a statement may turn the interrupt into an
    error of its own, or swallow it.
    """

    def __init__(self) -> None:
        """Nothing was pressed yet."""
        self.stop: Callable[[], object] | None = None
        self.may_raise = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take over Ctrl-C, unless this process was started to ignore it."""
        with intercepted(self._press):
            yield

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let Ctrl-C end what runs inside."""
        self.check()
        self.may_raise = True
        try:
            yield
        finally:
            self.may_raise = False

    def check(self) -> None:
        """Raise now if Ctrl-C was pressed before."""
        if self.stop is not None:
            self.stop()

    def _press(self, stop: Callable[[], object]) -> None:
        self.stop = stop
        if self.may_raise:
            stop()
