"""A user's code, run with care: what it raises becomes one line, and Ctrl-C stays Ctrl-C.

Included files, loaders, options and models are Python that this project did not write. It may end
the process (`sys.exit`), raise what has no text, never return, or catch the interrupt meant for us.
"""

import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sysconfig import get_path
from types import FrameType

import numpy as np

from benchmark.errors import USER_ERRORS, TrainingStopped
from benchmark.packages import OURS
from benchmark.signals import intercepted

ROOT = Path(__file__).parents[1]
IMPORT_SECONDS = 45.0  # torch takes 3, TensorFlow from a slow disk 30
MOST_CHARACTERS = 2000  # of an exception's text


class TookTooLong(BaseException):
    """An import that does not end; not an `Exception`, which it might catch."""


def described(error: BaseException) -> str:
    """Return an exception's kind and text on one printable line."""
    text = text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def text_of(error: BaseException) -> str:
    """Return an exception's text on one printable line, whatever asking for it does."""
    try:
        text = " ".join(str(error).split())[:MOST_CHARACTERS]
    except BaseException as failure:  # of a broken __str__ nothing else is known
        return f"its text raises {type(failure).__name__}"
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def described_with_place(error: BaseException) -> str:
    """Return "ValueError: odd in FILE:LINE", the user's line where one is to blame.

    An error of ours that explains another one is followed by that one's kind and place.
    """
    origin = error
    while is_ours(origin) and origin.__cause__ is not None:
        origin = origin.__cause__
    explained = "" if origin is error else f"; {type(origin).__name__}"
    return f"{described(error).rstrip('.')}{explained}{_place_of(origin)}"


def _place_of(error: BaseException) -> str:
    """Return " in FILE:LINE" of the innermost frame of the user's own, or else of any file."""
    if isinstance(error, SyntaxError) and error.filename and error.filename[0] != "<":
        return f" in {error.filename}:{error.lineno}"
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename[0] != "<"
    ]
    chosen = [frame for frame in frames if not _is_installed(Path(frame.filename))] or frames
    return f" in {chosen[-1].filename}:{chosen[-1].lineno}" if chosen else ""


def _is_installed(file: Path) -> bool:
    """Tell this project's files and installed ones from a user's own."""
    places = (*(ROOT / room for room in ("benchmark", *OURS)), Path(get_path("stdlib")))
    installed = {"site-packages", "dist-packages"} & set(file.parts)
    return bool(installed) or any(file.is_relative_to(place) for place in places)


@contextmanager
def users_code(what: str, kind: Callable[[str], Exception], advice: str = "") -> Iterator[None]:
    """Turn whatever is raised inside into one line of `kind`; errors of our own pass as they are.

    Warnings and NumPy's error handling are afterwards as they were.
    """
    with np.errstate(), warnings.catch_warnings(), ctrl_c() as was_pressed:
        try:
            yield
        except BaseException as error:
            if was_pressed() and not isinstance(error, KeyboardInterrupt):
                raise KeyboardInterrupt from error  # which the user's code caught
            if is_ours(error) or was_pressed():
                raise
            advice = advice or "Mend it"
            line = f"{what}: {described_with_place(error)}. {advice}."
            raise kind(line) from error
        if was_pressed():
            raise KeyboardInterrupt


def is_ours(error: BaseException) -> bool:
    """Tell whether an error is this project's own and means the user, or a watcher of training.

    A user's subclass does not count: it might not survive the way from a worker to its parent.
    """
    room = type(error).__module__.partition(".")[0]
    return isinstance(error, (*USER_ERRORS, TrainingStopped)) and room in ("benchmark", "datasets")


@contextmanager
def ctrl_c() -> Iterator[Callable[[], bool]]:
    """Lend a function that tells whether Ctrl-C was pressed inside, or another signal to stop came.

    A user's code may raise KeyboardInterrupt itself, or swallow the one the user meant. Whoever
    handled the signal before still does. Where it is ignored, as in workers, it never is pressed.
    """
    pressed: list[bool] = []

    def note(stop: Callable[[], object]) -> None:
        pressed.append(True)
        stop()

    with intercepted(note):
        yield lambda: bool(pressed)


@contextmanager
def time_limit(seconds: float | None = None) -> Iterator[None]:
    """Raise `TookTooLong` when an import has not ended in time, and again each second.

    The alarm reaches Python code and waiting calls in the main thread, on POSIX systems; a library
    that computes without end inside C is not reached.
    """
    if not _is_main_thread() or sys.platform == "win32":
        yield
        return
    allowed = IMPORT_SECONDS if seconds is None else seconds

    def ring(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"it did not end within {allowed:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    earlier = signal.setitimer(signal.ITIMER_REAL, allowed, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *earlier)
        signal.signal(signal.SIGALRM, before)


def _is_main_thread() -> bool:
    """Only there can signals be handled."""
    return threading.current_thread() is threading.main_thread()
