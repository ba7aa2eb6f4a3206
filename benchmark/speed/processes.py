"""What only other processes can tell: memory, and training on all cores at once."""

import statistics
import time
from dataclasses import replace

import torch

from benchmark.executors.contract import Means
from benchmark.executors.processes import Processes
from benchmark.executors.starting import n_cores
from benchmark.record.environment import peak_memory_bytes
from benchmark.speed.clock import timed
from benchmark.speed.loops import Subject, harness_loop

SECONDS = 3.0  # that processes train beside each other


def n_processes(device: str) -> int:
    """Return how many cells `run` trains at once."""
    return n_cores() if device == "cpu" else 1


def side_by_side(subject: Subject) -> float:
    """Return the seconds per step of processes that train at the same time, as `run` does."""
    n = n_processes(subject.device)
    with Processes(Means(n_workers=n)) as processes:
        seconds: list[float] = processes.values(seconds_per_step, [(subject,)] * n)
    return statistics.mean(seconds)


def seconds_per_step(subject: Subject) -> float:
    """Train for a while in this process and return the median seconds per step."""
    run = harness_loop(subject)
    run()
    until = time.perf_counter() + SECONDS
    steps: list[float] = []
    while time.perf_counter() < until or len(steps) < 3:
        seconds, n_steps = timed(run, subject.device)
        steps.append(seconds / n_steps)
    return statistics.median(steps)


def added_memory(subject: Subject) -> float:
    """Return the MB that training adds to a fresh process, or to the GPU."""
    with Processes(Means()) as process:
        (added,) = process.values(_added_bytes, [(subject,)])
    return float(added) / 1e6


def _added_bytes(subject: Subject) -> int:
    """Train an epoch in this process and return the growth of its peak."""
    shortest = replace(subject, sequence_length=1)
    harness_loop(shortest)()  # libraries and compiled code are loaded, almost no data
    run = harness_loop(subject)
    before = _bytes_now(subject.device)
    run()
    if subject.device == "cuda":
        return torch.cuda.max_memory_allocated() - before
    return peak_memory_bytes() - before


def _bytes_now(device: str) -> int:
    """Return what is in use: on the GPU now, in this process at its peak."""
    return torch.cuda.memory_allocated() if device == "cuda" else peak_memory_bytes()
