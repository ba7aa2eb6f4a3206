"""Measure `report` on thousands of records, made from the committed ones with other errors.

Run     python -m tools.large_report [tables [records]]      default: 5,000 records in 10 tables
Prints  seconds and the memory that the command and its processes take together (PSS)
"""

import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import psutil

from benchmark.record.record import RunRecord
from benchmark.record.store import read_records, write_record
from tests.made_up_records import changed

N_RECORDS, N_REPETITIONS = 5000, 5
COMMITTED = Path(__file__).parents[1] / "results" / "tradeoff-song_means"


def write_records(folder: Path, n_tables: int, n_records: int = N_RECORDS) -> None:
    """Write tables of equal size, each with the two floor rows and rows of five repetitions."""
    committed = read_records(COMMITTED)
    floors = [one for one in committed if one.model in ("constant", "linear")]
    trained = [one for one in committed if one.repetition == 1 and one not in floors]
    source = random.Random(0)
    n_rows = n_records // n_tables // N_REPETITIONS
    for table in range(n_tables):
        digest = name("table", table)
        for floor in floors:
            write_record(folder, other(floor, digest, 1, source), {})
        for row in range(n_rows):
            like = trained[row % len(trained)]
            if n_tables == 1:  # one model after the other, at a thousand lengths
                like = replace(like, sequence_length=row + 1)
            elif row >= len(trained):
                dropout = {"dropout": row / 100}
                like = replace(like, settings=dropout, config=like.config | dropout)
            for repetition in range(1, N_REPETITIONS + 1):
                write_record(folder, other(like, digest, repetition, source), {})


def other(like: RunRecord, digest: str, repetition: int, source: random.Random) -> RunRecord:
    """Return a record of another cell whose errors are up to a tenth off."""
    errors = {
        key: [value * source.uniform(0.9, 1.1) for value in values]
        if key.startswith("rmse")
        else values
        for key, values in like.per_song.items()
    }
    return changed(like, dataset_digest=digest, repetition=repetition, per_song=errors)


def name(*parts: object) -> str:
    """Return a digest of the parts."""
    return sha256(repr(parts).encode()).hexdigest()


def seconds_of(folder: Path) -> float:
    """Return the wall time of `report`."""
    started = time.perf_counter()
    if _start(folder).wait():
        raise SystemExit("report failed")
    return time.perf_counter() - started


def megabytes_of(folder: Path) -> float:
    """Return the most MB that `report` and its processes take at a time; watching slows them."""
    process, most = _start(folder), 0
    above = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            every = [above, *above.children(recursive=True)]
            most = max(most, sum(one.memory_full_info().pss for one in every))
        except psutil.Error:
            pass  # one of them has just ended
        time.sleep(0.2)
    return most / 1e6


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    """Start `report` without its MLflow copy."""
    command = [sys.executable, "-m", "benchmark", "report", "--no-mlflow", "--results", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    n_tables, n_records = map(int, [*sys.argv[1:], *("10", str(N_RECORDS))[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder), n_tables, n_records)
        seconds = ", ".join(f"{seconds_of(Path(folder)):.1f} s" for _ in range(3))
        sys.stdout.write(f"{n_tables} tables: {seconds}; {megabytes_of(Path(folder)):.0f} MB\n")
