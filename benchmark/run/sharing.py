"""What is left of a run: jobs that end in time and that no other run on the folder has begun."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from benchmark.plan.cell import Cell
from benchmark.record.record import RunRecord
from benchmark.record.store import find_record, written_at
from benchmark.run.claims import Claims
from benchmark.run.execute import Job

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0  # seconds between looks at what others train
MOST_NAMES = 3


class OpenJobs:
    """The jobs of a run that have no new record yet."""

    def __init__(
        self,
        jobs: Sequence[Job],
        seconds: Mapping[str, float],  # at most
        earlier: Mapping[str, int],  # when a record of before was written; 0: there was none
        claims: Claims,
        deadline: float,
    ) -> None:
        """Take seconds and times of writing by a cell's key; the deadline is of `monotonic`."""
        self.jobs = {job.cell.key: job for job in jobs}
        self.seconds, self.earlier, self.claims = seconds, earlier, claims
        self.deadline = deadline

    def in_time(self) -> list[Job]:
        """Return the jobs that would end in time if they began now."""
        return list(filter(self._is_in_time, self.jobs.values()))

    def free(self) -> Iterator[Job]:
        """Yield the jobs that nobody has begun, each claimed when it is asked for.

        May be asked by another thread than the one that closes jobs.
        """
        for job in list(self.jobs.values()):
            if self._is_in_time(job) and self.claims.take(job.cell):
                if self._is_recorded(job):  # and released again
                    self.claims.release(job.cell.key)
                else:
                    yield job

    def recorded(self) -> Iterator[RunRecord]:
        """Yield what other runs recorded since this one was planned."""
        for job in filter(self._is_recorded, list(self.jobs.values())):
            if record := find_record(job.results, job.cell):
                yield record

    def close(self, record: RunRecord) -> None:
        """Take a job as done."""
        del self.jobs[record.cell]
        self.claims.release(record.cell)

    def _is_in_time(self, job: Job) -> bool:
        return time.monotonic() + self.seconds[job.cell.key] <= self.deadline

    def _is_recorded(self, job: Job) -> bool:
        """Tell whether another run recorded this cell since this one was planned."""
        return written_at(job.results, job.cell) not in (0, self.earlier[job.cell.key])


def train_all(
    open_jobs: OpenJobs,
    run: Callable[[Iterator[Job]], None],
    on_record: Callable[[RunRecord], None],
    say: Callable[[str], None],
) -> list[Cell]:
    """Train what is free, wait for what others train, and return what there is no time for."""
    pause, waits = FIRST_PAUSE, False
    while True:
        free = open_jobs.free()
        for first in free:
            run(chain([first], free))
            pause = FIRST_PAUSE
        for record in open_jobs.recorded():
            on_record(record)
        waiting = open_jobs.in_time()
        if not waiting:
            return [job.cell for job in open_jobs.jobs.values()]
        if not waits:
            say(_waiting_for(waiting, open_jobs.claims))
        waits = True
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _waiting_for(jobs: Sequence[Job], claims: Claims) -> str:
    """Return in one line whose cells are waited for."""
    cells = [job.cell for job in jobs]
    named = [f"{cell.name} ({claims.holder(cell)})" for cell in cells[:MOST_NAMES]]
    named += [f"{len(cells) - MOST_NAMES} more"] * (len(cells) > MOST_NAMES)
    return (
        f"waiting for what other runs on this folder train: {', '.join(named)};"
        " Ctrl-C ends the waiting, not their training"
    )
