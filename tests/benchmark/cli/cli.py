"""Run the command line as a user does, and see its output and its exit code."""

import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmark.cli import main
from benchmark.run.plugins import registries
from datasets.registry import DATASETS
from tests.benchmark.apart import start_apart

ROOT = Path(__file__).parents[3]


def mer(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own, where everything heavy is imported."""
    with TemporaryDirectory() as folder:
        stdout, stderr = Path(folder) / "stdout", Path(folder) / "stderr"
        process = start_apart(arguments, stdout, stderr, cwd, clean({}))
        process.join(280)
        assert process.exitcode is not None, stderr.read_text()
        return subprocess.CompletedProcess(
            arguments, process.exitcode, stdout.read_text(), stderr.read_text()
        )


def mer_anew(
    *arguments: object, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess:
    """Run `python -m benchmark` in a new interpreter, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "benchmark", *map(str, arguments)],
        cwd=cwd, env=clean(environment), capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip


def clean(environment: dict[str, str]) -> dict[str, str]:
    """Return this process's environment without what would change the outcome."""
    kept = {key: value for key, value in os.environ.items() if key not in ("MER_DATA", "COLUMNS")}
    return kept | environment


def mer_here(capfd: pytest.CaptureFixture[str], *arguments: object) -> subprocess.CompletedProcess:
    """Run the same command line inside this process, where everything heavy is loaded."""
    capfd.readouterr()
    code = _exit_code(*arguments)
    stdout, stderr = capfd.readouterr()
    return subprocess.CompletedProcess(arguments, code, stdout, stderr)


def mer_once(*arguments: object, cwd: Path = ROOT, **environment: str):
    """Run a command line inside this process for a fixture of many tests, which has no `capfd`."""
    stdout, stderr = StringIO(), StringIO()
    with chdir(cwd), redirect_stdout(stdout), redirect_stderr(stderr):
        code = _exit_code(*arguments, **environment)
    return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())


def _exit_code(*arguments: object, **environment: str) -> int:
    """Call the command line, and put back what it included, as the end of a process would."""
    tables = [registry.rows for registry in registries().values()]
    before, datasets = [dict(table) for table in tables], dict(DATASETS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(ROOT / "benchmark" / "__main__.py"), *map(str, arguments)])
        patch.delenv("MER_DATA", raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as stop:
            main()
    if datasets != DATASETS:
        from benchmark.run.loading import _cached_split

        _cached_split.cache_clear()  # songs of a dataset that is gone
    for table, rows in zip(tables, before, strict=True):
        table.clear()
        table.update(rows)
    return int(stop.value.code or 0)
