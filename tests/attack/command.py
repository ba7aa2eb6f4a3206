"""One call of the command line: a fork of a process that has imported everything, or a new one.

A fork saves the seconds of importing torch and MLflow; a call that is to be killed, or started
beside others, may ask for a new interpreter, as a user's shell would start it.
"""

import atexit
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import psutil

from tests.benchmark.apart import PRELOADED

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 60  # of computing, or of waiting without computing
GRACE_SECONDS = 15  # waiting on a loaded machine is no hang yet
LIMIT_BYTES = 4 * 2**30
LEFT_SECONDS = 60  # a fork server that still imports notices its parent's end only then
LIVE: set[int] = set()  # heads of the groups of calls under way
GUARD: dict[str, str] = {}  # variables every call gets: where caches and temporary files go


@dataclass(frozen=True)
class Result:
    """How a call ended; `code` as a shell reports it, 128 + N after signal N."""

    arguments: tuple[str, ...]
    code: int
    output: str
    stopped: str = ""  # why this suite ended it: a hang, too much memory
    left: tuple[str, ...] = ()  # processes that outlived it


@dataclass
class Limits:
    """What a call may use; 0 is no limit."""

    file_bytes: int = 0  # size of any one file, as `ulimit -f`
    user: int = 0  # whose rights it has


@dataclass
class Call:
    """A call under way, the head of its own process group."""

    arguments: tuple[str, ...]
    pid: int
    log: Path
    began: float = field(default_factory=time.monotonic)
    code: int | None = None
    seen: tuple[float, float] = (0.0, 0.0)  # seconds of computing so far, and when it was more

    def __post_init__(self) -> None:
        """Let it be ended with the attack, should that be stopped."""
        LIVE.add(self.pid)

    def is_alive(self) -> bool:
        """Reap the process if it has ended."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                LIVE.discard(pid)
                code = os.waitstatus_to_exitcode(status)
                self.code = code if code >= 0 else 128 - code
        return self.code is None

    def children(self) -> list[psutil.Process]:
        """Return its processes, forks of its fork server included."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self, which: signal.Signals, pids: Sequence[int] = ()) -> None:
        """Send a signal to these processes, or to the whole group."""
        for pid in pids or (self.pid,):
            with suppress(ProcessLookupError):
                (os.kill if pids else os.killpg)(pid, which)

    def finish(self) -> Result:
        """Wait for its end, which may have to be forced."""
        stopped = ""
        pause = 0.002
        while self.is_alive():
            time.sleep(pause)
            pause = min(0.1, pause * 1.3)
            if pause == 0.1 and (stopped := self._excess()):
                self.kill(signal.SIGKILL)
                os.waitpid(self.pid, 0)
                LIVE.discard(self.pid)
                self.code = 128 + signal.SIGKILL
        left = self._left_behind()
        output = self.log.read_bytes().decode(errors="replace")
        return Result(self.arguments, self.code or 0, output, stopped, left)

    def _excess(self) -> str:
        """Say which limit it is over."""
        try:
            every = [psutil.Process(self.pid), *self.children()]
            computed = sum(sum(one.cpu_times()[:2]) for one in every)
            held = max(one.memory_info().rss for one in every)
        except psutil.NoSuchProcess:
            return ""
        now = time.monotonic()
        if computed > self.seen[0] + 0.02 or not self.seen[1]:
            self.seen = computed, now
        if held > LIMIT_BYTES:
            return f"more than {LIMIT_BYTES / 2**30:g} GB of memory"
        if computed > LIMIT_SECONDS * len(every):
            return f"computing for {computed:.0f} s"
        if now - self.seen[1] > LIMIT_SECONDS + GRACE_SECONDS:
            return f"waiting for {now - self.seen[1]:.0f} s"
        return ""

    def _left_behind(self) -> tuple[str, ...]:
        """Wait for its group to be empty; name and end what stays."""
        deadline = time.monotonic() + LEFT_SECONDS
        while time.monotonic() < deadline:
            try:
                os.killpg(self.pid, 0)
            except ProcessLookupError:
                return ()
            time.sleep(0.02)
        left = [one for one in psutil.process_iter(["cmdline"]) if _group(one) == self.pid]
        self.kill(signal.SIGKILL)
        return tuple(" ".join(one.info["cmdline"] or [])[:80] for one in left)


def stop_all() -> None:
    """End every call that is still under way."""
    for pid in LIVE:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def begin(
    arguments: Sequence[object],
    folder: Path,
    log: Path,
    *,
    is_new: bool = False,
    environment: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Call:
    """Start `python -m benchmark` with these arguments in a folder; output goes to `log`."""
    words = tuple(str(one) for one in arguments)
    usual = {key: value for key, value in os.environ.items() if not key.startswith("MER_")}
    variables = usual | GUARD | dict(environment or {})
    if is_new:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmark", *words],
                cwd=folder, env=variables | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        process.returncode = 0  # `Call` reaps it
        return Call(words, process.pid, log)
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        _become(words, folder, log, variables, limits or Limits())
    return Call(words, pid, log)


def _become(
    words: Sequence[str], folder: Path, log: Path, variables: Mapping[str, str], limits: Limits
) -> NoReturn:
    """Be the command in this fork, as close to a process of its own as a fork can be."""
    code = 70
    try:
        os.setsid()
        _restore_signals()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, source in enumerate((os.open(os.devnull, os.O_RDONLY), output, output)):
            os.dup2(source, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)
        encoding = "ascii" if variables.get("LC_ALL") == "C" else "utf-8"
        sys.stdout = open(1, "w", encoding=encoding, closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding=encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115
        if limits.file_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
        if limits.user:
            os.setgroups([])
            os.setgid(limits.user)
            os.setuid(limits.user)
        code = _command_line(words)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        code = 70
    finally:
        try:
            sys.stderr.flush()
        finally:
            os._exit(code & 255)


def _restore_signals() -> None:
    """Listen to Ctrl-C and TERM as a command in the foreground does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _command_line(words: Sequence[str]) -> int:
    """Run the command line; end as an interpreter ends."""
    import benchmark.__main__ as command

    sys.modules["__main__"] = command  # what worker processes prepare themselves by
    sys.argv = ["mer-benchmark", *words]
    try:
        try:
            command.main()
        finally:
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        traceback.print_exc()
        return 130
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def import_everything() -> None:
    """Import what commands import, before the first fork; nothing of it may start a thread."""
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in PRELOADED:
            import_module(name)
