"""How a study is run; none of it changes a number."""

import time
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from benchmark.executors.contract import Limits
from benchmark.executors.registry import EXECUTORS
from benchmark.lookup import find
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
    executor: str = "processes"
    limits: Limits = field(default_factory=Limits)  # of each cell
    address: str | None = None  # of a cluster
    ships_data: bool = False  # send songs to nodes that have none
    n_gpus: float = 0.25  # a cell's share of a GPU in a cluster
    include: tuple[Path, ...] = ()
    is_fresh: bool = False  # train recorded cells again
    is_dry: bool = False  # plan only: not even the results folder is made
    shard: Shard | None = None  # None: all cells
    timeout: float | None = None  # seconds after `begun`; no cell begins that would end later
    begun: float = field(default_factory=time.monotonic)
    has_mlflow: bool = True
    tracking_uri: str | None = None  # of a server that gets a copy of the records, too

    @property
    def is_local(self) -> bool:
        """Tell whether cells are trained where the results folder is."""
        return find(EXECUTORS, self.executor, kind="executor").load().shares_disk

    @property
    def deadline(self) -> float:
        """Return when all must have ended, by `time.monotonic`."""
        return inf if self.timeout is None else self.begun + self.timeout
