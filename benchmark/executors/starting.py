"""How processes of this suite start, on how many cores, and when they end.

A plain fork would copy torch's threads in an unknown state. Where there is a fork server, workers
are forks of a process that has imported everything heavy and computed nothing, while the parent
still plans or reads; elsewhere they are spawned.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import wait

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
        start_server()


def start_server() -> None:
    """Start the fork server, where there is one, with Ctrl-C blocked for it and its workers.

    It would end in a traceback while it imports. This process gets a Ctrl-C of that moment later.
    """
    if METHOD != "forkserver":
        return
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # first: it unblocks the signal once it has started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
