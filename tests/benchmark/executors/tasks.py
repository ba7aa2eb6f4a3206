"""What tests of executors run: tasks that answer, sleep, fail or kill their process."""

import os
import signal
import time

import numpy as np

from benchmark.errors import ConfigError


class OddError(Exception):
    """An error that cannot be unpickled."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def square(number, report):
    report(f"squaring {number}")
    return number * number


def die(code, report):
    """End this process by a signal below 32, or with an exit code."""
    os.kill(os.getpid(), code) if code < 32 else os._exit(code)


def die_once(mark, report):
    if not mark.exists():
        mark.write_text("dead")
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def sleep(seconds, report):
    time.sleep(seconds)
    return os.environ.get("NODE", "")


def leave_mark(folder, seconds, report):
    """Say where and when a task begins, and sleep."""
    (folder / f"{os.environ.get('NODE', '')}-{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(seconds)
    return os.environ.get("NODE", "")


def fill(n_bytes, report):
    kept = np.ones(n_bytes // 8)
    time.sleep(60)
    return kept


def refuse(report):
    raise ConfigError("Given 1, expected 2.")


def raise_odd(report):
    raise OddError("this", "that")


def refuse_to_begin():
    raise ConfigError("Nothing to begin with.")


def fail_on_odd_node():
    if os.environ.get("NODE") == "odd":
        raise ConfigError("mine.py needs a package that is missing")


def node_facts():
    return {"version": os.environ.get("VERSION", "1")}
