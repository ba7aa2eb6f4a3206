"""Start a server as a user does, wait until it answers, and stop it with all its processes."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmark.cli.cli import ROOT, clean

PATIENCE = 60_000  # milliseconds for a page of a server on a busy machine
SECONDS_TO_START = 120  # a busy machine takes long to import


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(command: Sequence[object], port: int, log: Path) -> Iterator[str]:
    """Run a server until the block ends; gives its address. What it prints goes to `log`."""
    address = f"http://127.0.0.1:{port}"
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT, env=clean({"PYTHONUNBUFFERED": "1"}), stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, address, log)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Return when the server answers; fail when it ends or takes too long."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"{address} does not answer: {log.read_text()}")
