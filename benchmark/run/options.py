"""How a study is run; none of it changes a number."""

import time
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from benchmark.run.shards import Shard
from benchmark.train.kernels import Kernels


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What `run` and the finalists of a search are asked for, beside the study."""

    results: Path
    data_root: Path | None = None
    device: str = "auto"
    kernels: Kernels = "fused"
    workers: int | None = None  # None: one per core on the CPU
    include: tuple[Path, ...] = ()
    is_fresh: bool = False  # train recorded cells again
    is_dry: bool = False  # plan only: not even the results folder is made
    shard: Shard | None = None  # None: all cells
    timeout: float | None = None  # seconds after `begun`; no cell begins that would end later
    begun: float = field(default_factory=time.monotonic)
    has_mlflow: bool = True

    @property
    def deadline(self) -> float:
        """Return when all must have ended, by `time.monotonic`."""
        return inf if self.timeout is None else self.begun + self.timeout
