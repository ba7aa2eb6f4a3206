"""The MLflow copies of a results folder: its own database and, where asked for, a server's."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmark.tracking.mirror import Mirror
from benchmark.tracking.server import ServerWriter
from benchmark.tracking.writer import Writer

SECONDS_AT_END = 30.0  # of a run, for a server
Result = TypeVar("Result")


class Tracking:
    """Writes every copy by the same steps; none of them stops or fails what it copies."""

    def __init__(
        self,
        results: Path,
        say: Callable[[str], None],
        uri: str | None = None,
        *,
        has_local: bool = True,
        seconds_to_wait: float | None = SECONDS_AT_END,
    ) -> None:
        """Take the folder, what shows a line, a server, and how long to wait for it at the end."""
        self.results = results
        self.local = Writer(results, say) if has_local else None
        self.mirror = Mirror(results)
        self.server = ServerWriter(results, say, uri, seconds_to_wait) if uri else None

    def beside_training(self, write: Callable[[Mirror], object]) -> None:
        """Write what can be written now; training waits for nobody, an attempt does the rest."""

        def refreshed(mirror: Mirror) -> None:
            mirror.refresh()
            write(mirror)

        if self.local:
            self.local.beside_training(lambda: refreshed(self.mirror))
        if self.server:
            self.server.beside_training(refreshed)

    def attempt(self, write: Callable[[Mirror], Result]) -> Result | None:
        """Write everything to every copy; return what came of the local one."""
        if self.server:
            self.server.begin(write)
        result = self.local.attempt(lambda: write(self.mirror)) if self.local else None
        if self.server:
            self.server.end()
        return result
