"""Let worker processes import everything heavy while the parent still plans or reads.

A plain fork would copy torch's threads in an unknown state. Where there is a fork server, workers
are forks of a process that has imported torch and computed nothing; elsewhere they are spawned.
"""

import multiprocessing
import sys
from collections.abc import Sequence

METHOD = "forkserver" if sys.platform == "linux" else "spawn"
TRAINING = ("benchmark.execute", "models.fused.crnn", "models.fused.warm", "torch._dynamo")


def preload(modules: Sequence[str] = TRAINING) -> None:
    """Start the fork server, which imports beside this process; one that runs stays as it is."""
    if METHOD == "forkserver":
        from multiprocessing import forkserver

        multiprocessing.get_context(METHOD).set_forkserver_preload(list(modules))
        forkserver.ensure_running()
