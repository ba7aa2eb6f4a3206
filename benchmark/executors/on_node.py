"""What runs on a node of a cluster: see that the node fits, then call, report and watch memory."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benchmark.errors import USER_ERRORS
from benchmark.executors.contract import Report
from benchmark.executors.limits import memory_bytes
from benchmark.executors.worker import DONE, RAISED, portable
from benchmark.users_code import described

BEGAN, OVER, EVENT, REFUSED = "began", "over", "event", "refused"
SECONDS_BETWEEN_EVENTS = 1.0  # of one task: progress, of which some may be left out
SECONDS_BETWEEN_LOOKS = 0.5
Facts = dict[str, str]
_begun: dict[bytes, str] = {}  # of this process: a run's mark -> why it is refused, or ""


@dataclass(frozen=True)
class Setup:
    """What a process does once before its first task of a run, and what must be the same."""

    begin: Callable[[], object]
    facts: Callable[[], Facts]
    expected: Facts
    mark: bytes  # of the run


def call(
    ticket: int,
    setup: list[Any],  # in a list, so that Ray fetches it only where it is asked for
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    letters: Any,
    memory_limit: int | None,
) -> tuple[str, Any]:
    """Return DONE and the value, RAISED and an error, or REFUSED and (node, why it is)."""
    import ray

    def send(kind: str, value: Any = None) -> None:
        with suppress(Exception):  # who reads them may be gone, and a cell goes on without
            letters.put((ticket, kind, value), block=False)

    if reason := _reason_against(ray.get(setup[0])):
        return REFUSED, (ray.get_runtime_context().get_node_id(), reason)
    send(BEGAN)
    is_over = threading.Event()
    if memory_limit is not None:
        watch = (memory_limit, send, is_over)
        threading.Thread(target=_watch_memory, args=watch, daemon=True).start()
    try:
        return DONE, function(*arguments, _seldom(send))
    except BaseException as error:
        return RAISED, portable(error)
    finally:
        is_over.set()


def _reason_against(setup: Setup) -> str:
    """Return why this process cannot run tasks of a run; "" where it can."""
    if setup.mark not in _begun:
        try:
            setup.begin()
            _begun[setup.mark] = _difference(setup.expected, setup.facts())
        except USER_ERRORS as error:
            _begun[setup.mark] = str(error)
        except Exception as error:  # a package that is missing, a disk that is full
            _begun[setup.mark] = described(error)
    return _begun[setup.mark]


def _difference(expected: Facts, found: Facts) -> str:
    """Return "Python 3.12 instead of 3.11" for the first fact that differs; "" for none."""
    for name, value in expected.items():
        if found.get(name) != value:
            return f"{name} {found.get(name)} instead of {value}"
    return ""


def _seldom(send: Callable[[str, Any], None]) -> Report:
    """Return what sends an event now and then, so that many tasks do not flood their reader."""
    last = -SECONDS_BETWEEN_EVENTS

    def report(event: Any) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_EVENTS:
            last = time.monotonic()
            send(EVENT, event)

    return report


def _watch_memory(limit: int, send: Callable[[str, Any], None], is_over: threading.Event) -> None:
    """Report a process that holds more than its limit, which is then ended from outside."""
    while not is_over.wait(SECONDS_BETWEEN_LOOKS):
        used = memory_bytes(None)
        if used > limit:
            send(OVER, used)
            return
