"""A tracking server as a second copy: http(s)://... or, its database itself, postgresql://...

It is written by a thread of its own, in the order of the records, tried again after longer and
longer pauses; whoever ends a run waits for it a bounded time and says in one line what is missing.
Nobody holds a lock on a server: who has made a run looks again whether another one made it, too.

Files (records, figures) go to servers that take them themselves, and to no other place.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from benchmark.tracking.address import shown, without_secrets
from benchmark.tracking.database import MIGRATING
from benchmark.tracking.entry import KIND_TAG, Copy
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.writer import reason_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

SERVED = "mlflow-artifacts:"  # how the address of files begins that the server itself takes
SETTINGS = {  # MLflow's own would wait a quarter of an hour for a server that never answers
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
PAGE = 1000  # runs in an answer
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between attempts
N_ATTEMPTS = 3  # of the last write, each with MLflow's own retries
N_LOOKS = 3  # for runs that another driver made at the same moment


class ServerStore:
    """The runs of a tracking server, whoever made them."""

    is_shared = True

    def __init__(self, uri: str) -> None:
        """Open nothing yet."""
        self._uri = uri
        self._takes_files: dict[str, bool] = {}

    @cached_property
    def client(self) -> "MlflowClient":
        """Return a client that gives up after seconds."""
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        for chatty in ("mlflow", "alembic", "urllib3"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
        client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        if not self._uri.startswith("http"):
            self._open_database(client)
        return client

    def _open_database(self, client: "MlflowClient") -> None:
        """Make MLflow's tables in an empty database; one that does not answer keeps nobody."""
        from sqlalchemy import create_engine

        engine = create_engine(self._uri)
        engine.connect().close()  # MLflow would try ten times
        engine.dispose()
        with MIGRATING:
            client.search_experiments(max_results=1)

    def n_runs(self, expected: int) -> int:
        """Take it that nobody else writes: who looks at every record looks too often."""
        return expected

    def copies(self, experiment: str | None) -> list[Copy]:
        """Return the runs of an experiment that this suite made."""
        if experiment is None:
            return []
        found: list[Copy] = []
        token: str | None = ""
        while token is not None:
            page = self.client.search_runs(
                [experiment], f"tags.`{KIND_TAG}` != ''", max_results=PAGE, page_token=token or None
            )
            found += [
                Copy(run.info.run_id, experiment, run.info.status != "RUNNING", run.data.tags)
                for run in page
            ]
            token = page.token or None
        return found

    def together(self) -> AbstractContextManager[None]:
        """Leave transactions to the server."""
        return nullcontext()

    def empty(self, copy: Copy) -> bool:
        """Leave a run as it is, to be replaced."""
        return False

    def location(self, experiment: str) -> str | None:
        """Leave it to a server; a database alone takes no files, a server above it may."""
        return None if self._uri.startswith("http") else f"{SERVED}/{experiment}"

    def keep(self, copy: Copy, experiment: str, path: Path) -> None:
        """Send a file to a server that takes files."""
        if copy.experiment not in self._takes_files:
            where = self.client.get_experiment(copy.experiment).artifact_location
            takes = self._uri.startswith("http") and where.startswith(SERVED)
            self._takes_files[copy.experiment] = takes
        if self._takes_files[copy.experiment]:
            self.client.log_artifact(copy.run_id, str(path))

    def lacks(self, copy: Copy, experiment: str, path: Path) -> bool:
        """Trust a run that is whole: asking for every file takes longer than copying."""
        return False


class Job:
    """Something to write, and how that ended."""

    def __init__(self, write: Callable[[Mirror], object], *, is_last: bool = False) -> None:
        """Take what writes; the last is not tried for ever."""
        self.write, self.is_last = write, is_last
        self.ended = threading.Event()
        self.error: Exception | None = None


class ServerWriter:
    """Writes a server's copy beside everything else, and says once what went wrong."""

    def __init__(
        self, results: Path, say: Callable[[str], None], uri: str, seconds_to_wait: float | None
    ) -> None:
        """Start nothing yet; None waits at the end as long as the server answers."""
        self._results, self._say, self._uri = results, say, uri
        self._seconds = seconds_to_wait
        self._mirror = Mirror(results, ServerStore(uri))
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._hurry = threading.Event()
        self._last: Job | None = None
        self._has_said = False
        # a daemon: a server that never answers must not keep the process
        self._thread = threading.Thread(target=self._work, name="tracking server", daemon=True)

    def beside_training(self, write: Callable[[Mirror], object]) -> None:
        """Leave it to the thread."""
        self._put(Job(write))

    def begin(self, write: Callable[[Mirror], object]) -> None:
        """Write everything, instead of what still waits."""
        try:
            while True:
                self._jobs.get_nowait()
        except Empty:
            self._last = Job(write, is_last=True)
        self._put(self._last)
        self._hurry.set()

    def end(self) -> None:
        """Wait for what was begun; who has waited in vain waits no more."""
        assert self._last is not None
        has_ended = self._last.ended.wait(0 if self._has_said else self._seconds)
        if has_ended and self._last.error is None:
            return
        error = self._last.error or TimeoutError(f"not ready after {self._seconds:.0f} s")
        if not self._has_said:
            self._has_said = True
            self._say(
                f"Tracking server {shown(self._uri)} is not up to date:"
                f" {without_secrets(reason_of(error), self._uri)} Nothing else is affected. Later,"
                f" run: python -m benchmark report --results {self._results}"
                f" --tracking-uri {shown(self._uri)}"
            )

    def _put(self, job: Job) -> None:
        self._jobs.put(job)
        if not self._thread.ident:
            self._thread.start()

    def _work(self) -> None:
        """Do job after job; one that fails waits behind the others."""
        pause, n_failed = FIRST_PAUSE, 0
        while True:
            job = self._jobs.get()
            try:
                self._do(job)
            except Exception as error:  # whatever it is, it must not cost what is copied
                self._mirror.forget()
                n_failed += job.is_last
                if n_failed == N_ATTEMPTS:
                    job.error, n_failed = error, 0
                    job.ended.set()
                    continue
                if self._last in (None, job):
                    self._jobs.put(job)
                if job.is_last:
                    time.sleep(FIRST_PAUSE)
                else:
                    self._hurry.wait(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE
                job.ended.set()

    def _do(self, job: Job) -> None:
        """Write; where runs were made at the end, see that no other driver made them too."""
        for _ in range(N_LOOKS if job.is_last else 1):
            n_made = self._mirror.n_made
            if job.is_last:
                self._mirror.forget()
            job.write(self._mirror)
            if self._mirror.n_made == n_made:
                return
