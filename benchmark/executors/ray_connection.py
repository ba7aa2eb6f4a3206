"""A connection to a Ray cluster, or one line that says why there is none."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from benchmark.errors import ConfigError
from benchmark.executors.contract import Means
from benchmark.signals import STOPPING

SECONDS_TO_ANSWER = 5.0
USAGE = "RAY_USAGE_STATS_ENABLED"


@contextmanager
def connected(means: Means) -> Iterator[Any]:
    """Yield Ray, connected; signals to stop keep their meaning, which Ray would change."""
    os.environ.setdefault(USAGE, "0")
    try:
        import ray
    except ImportError as error:
        raise ConfigError(
            "--executor ray needs Ray, which is not installed. Run: pip install"
            " 'mer-benchmark[ray]', or leave --executor out."
        ) from error
    address = means.address or os.environ.get("RAY_ADDRESS") or "local"
    _refuse_silent(address)
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    try:
        ray.init(address, log_to_driver=False, include_dashboard=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(_no_cluster(address, reason)) from error
    finally:
        with suppress(ValueError):  # not in the main thread, where none is handled
            for number, handler in handlers.items():
                signal.signal(number, handler)
    try:
        yield ray
    finally:
        ray.shutdown()


def this_node(ray: Any) -> Any:
    """Return what keeps an actor on this machine's node."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)


def _refuse_silent(address: str) -> None:
    """Refuse HOST:PORT where nobody listens; Ray would ask for ten minutes."""
    host, _, port = address.rpartition(":")
    if host and "/" not in address and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), SECONDS_TO_ANSWER).close()
        except (OSError, OverflowError) as error:
            raise ConfigError(_no_cluster(address, str(error))) from error


def _no_cluster(address: str, reason: str) -> str:
    return (
        f"No Ray cluster answers at {address}: {reason}. Start one with `ray start --head` and give"
        " its address with --address HOST:6379, or leave --address out."
    )
