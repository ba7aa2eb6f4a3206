"""Time passes of several competitors in turns."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch

Name = TypeVar("Name")
Pass = Callable[[], int]  # trains a while and returns the number of steps
SHORTEST_SECONDS = 0.3  # of one timed turn, so that the clock and the machine's noise stay small


def in_turns(
    competitors: Mapping[Name, Pass], device: str, n_rounds: int
) -> dict[Name, list[float]]:
    """Return the seconds per step of every round of every competitor."""
    n_passes = {}
    for name, run in competitors.items():
        run()  # compiles and warms up
        seconds, _ = timed(run, device)
        n_passes[name] = max(1, math.ceil(SHORTEST_SECONDS / seconds))
    times: dict[Name, list[float]] = {name: [] for name in competitors}
    for _ in range(n_rounds):
        for name, run in competitors.items():
            turn = [timed(run, device) for _ in range(n_passes[name])]
            times[name].append(sum(seconds for seconds, _ in turn) / sum(n for _, n in turn))
    return times


def timed(run: Pass, device: str) -> tuple[float, int]:
    """Return the seconds and steps of one pass."""
    _wait(device)
    started = time.perf_counter()
    n_steps = run()
    _wait(device)
    return time.perf_counter() - started, n_steps


def median_seconds(call: Callable[[], Any], device: str, n_rounds: int) -> float:
    """Return the median seconds of a call, after one that warms up."""
    call()
    return statistics.median(timed(call, device)[0] for _ in range(n_rounds))


def median_ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Return the median over rounds of the ratio within a round."""
    return statistics.median(slow / fast for slow, fast in zip(slower, faster, strict=True))


def _wait(device: str) -> None:
    """Wait until the device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
