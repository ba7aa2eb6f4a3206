"""Signals that ask a program to stop: Ctrl-C, TERM, and HUP of a terminal that was closed."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object]
STOPPING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stopped(KeyboardInterrupt):
    """Raised by a signal; after a bare KeyboardInterrupt inside eval(), Python dies of SIGINT."""


@contextmanager
def handled_by(handler: Handler, numbers: Sequence[int] = STOPPING) -> Iterator[None]:
    """Handle signals inside, but for those that this process was started to ignore."""
    before = {}
    if threading.current_thread() is threading.main_thread():  # only there can signals be handled
        every = {number: signal.getsignal(number) for number in numbers}
        before = {number: old for number, old in every.items() if old is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def intercepted(on_stop: Callable[[Callable[[], object]], object]) -> Iterator[None]:
    """Hand what a signal would do to `on_stop`, which may do it, note it, or do it later."""
    handlers = {number: signal.getsignal(number) for number in STOPPING}

    def hand_over(number: int, frame: FrameType | None) -> None:
        handler = handlers[number]
        assert callable(handler)
        on_stop(lambda: handler(number, frame))

    with handled_by(hand_over, [number for number in STOPPING if callable(handlers[number])]):
        yield
