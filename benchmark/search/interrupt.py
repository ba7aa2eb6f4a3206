"""Ctrl-C at the right moment: at once while a network trains, later while something is written."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupt:
    """Remembers that Ctrl-C was pressed; raises KeyboardInterrupt where that does no harm.

    A database that is interrupted in the middle of a statement may turn the interrupt into an
    error of its own, or swallow it.
    """

    def __init__(self) -> None:
        """Nothing was pressed yet."""
        self.was_pressed = self.may_raise = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take over Ctrl-C, unless this process was started to ignore it."""
        before = signal.getsignal(signal.SIGINT)
        if before is signal.SIG_IGN:
            yield
            return
        signal.signal(signal.SIGINT, self._press)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

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
        if self.was_pressed:
            raise KeyboardInterrupt

    def _press(self, *_: Any) -> None:
        self.was_pressed = True
        if self.may_raise:
            raise KeyboardInterrupt
