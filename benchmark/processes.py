"""What all processes of this suite share: how they start, on how many cores, and when they end.

A plain fork would copy torch's threads in an unknown state. Where there is a fork server, workers
are forks of a process that has imported everything heavy and computed nothing, while the parent
still plans or reads; elsewhere they are spawned.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, ParamSpec, TypeVar

from benchmark.errors import WorkerLost

P = ParamSpec("P")
T = TypeVar("T")
METHOD = "forkserver" if sys.platform == "linux" else "spawn"


def n_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def preload(modules: Sequence[str]) -> None:
    """Start the fork server, which imports beside this process; one that runs stays as it is."""
    if METHOD == "forkserver":
        multiprocessing.get_context(METHOD).set_forkserver_preload(list(modules))
        _start_server()


def _start_server() -> None:
    """Start the fork server with Ctrl-C blocked, for itself and its workers.

    It would end in a traceback while it imports. This process gets a Ctrl-C of that moment later.
    """
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # first: it unblocks the signal once it has started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Pool(ProcessPoolExecutor):
    """Processes that count as lost when the server that forks them was killed, too."""

    def submit(self, fn: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> Future[T]:
        """Hand a job to the processes, which start with the first jobs."""
        try:
            return super().submit(fn, *arguments, **options)
        except (EOFError, ConnectionError) as error:  # what a connection to a dead server raises
            raise BrokenProcessPool("the fork server was killed") from error


@contextmanager
def pool_of(n_processes: int, begin: Callable[..., None], *arguments: Any) -> Iterator[Pool]:
    """Yield processes initialised by `begin`; terminate them on any exception."""
    if METHOD == "forkserver":
        _start_server()
    context = multiprocessing.get_context(METHOD)
    pool = Pool(n_processes, mp_context=context, initializer=begin, initargs=arguments)
    try:
        yield pool
        pool.shutdown()
    except BaseException as error:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise WorkerLost(
                "A worker process was killed, perhaps for want of memory. What is recorded stays:"
                " run the same command again, `run` with --workers 1 if it happens again."
            ) from error
        raise


def follow_parent() -> None:
    """Let this worker die with its parent, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this process when its parent is gone, even after SIGKILL."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
