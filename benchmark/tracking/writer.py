"""Write a folder's MLflow copy: one process at a time, and whatever goes wrong stops nothing.

The copy is made from the records and can be made again at any time. So who cannot write it
(another process does, the database is locked, damaged or of another program, the disk is full)
says so in one line and goes on without it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmark.errors import ResultsError
from benchmark.tracking.address import unused_variables
from benchmark.tracking.database import DATABASE, LOCK_SECONDS, DatabaseBusy, only_writer

Result = TypeVar("Result")
LONGEST = 300  # characters of a reason: some programs' errors hold their whole input


class Writer:
    """Writes a folder's copy when no other process does, and says once what went wrong."""

    def __init__(self, results: Path, say: Callable[[str], None]) -> None:
        """Take the folder, and what shows a line to the user."""
        self.results, self._say = results, say
        self._has_said = False
        for name in unused_variables():
            say(f"{name} is set and not used: records are copied to {results / DATABASE}.")

    def attempt(self, write: Callable[[], Result], seconds: float = LOCK_SECONDS) -> Result | None:
        """Write as the only process, after waiting so long for another; None: it did not work.

        Who has said that it did not work before waits no more.
        """
        try:
            with only_writer(self.results, 0 if self._has_said else seconds):
                return write()
        except Exception as error:  # a copy that cannot be made must not cost what it copies
            self._explain(error)
            return None

    def beside_training(self, write: Callable[[], object]) -> None:
        """Write now or leave it to the attempt at the end; training waits for nobody."""
        if self._has_said:
            return
        try:
            with only_writer(self.results, seconds=0):
                write()
        except DatabaseBusy:
            pass
        except Exception as error:  # as above
            self._explain(error)

    def _explain(self, error: Exception) -> None:
        """Say why there is no copy, and how to get it; a second reason is not said."""
        if self._has_said:
            return
        self._has_said = True
        self._say(
            f"MLflow is not up to date: {reason_of(error)} Nothing else is affected. Later, run:"
            f" python -m benchmark report --results {self.results}"
        )


def reason_of(error: Exception) -> str:
    """Return an error as one sentence."""
    text = " ".join(str(error).split("\n[SQL", 1)[0].split())[:LONGEST].rstrip(".")
    return f"{text}." if isinstance(error, ResultsError) else f"{type(error).__name__}: {text}."
