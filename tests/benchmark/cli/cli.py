"""Run the command line as a user does, and see its output and its exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli import main
from datasets.registry import DATASETS
from models.registry import MODELS

ROOT = Path(__file__).parents[3]


def mer(*arguments: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    """Run `python -m benchmark` with the given arguments."""
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
    before = dict(MODELS), dict(DATASETS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mer-benchmark", *map(str, arguments)])
        patch.delenv("MER_DATA", raising=False)
        with pytest.raises(SystemExit) as stop:
            main()
    if before[1] != DATASETS:
        from benchmark.loading import _cached_split

        _cached_split.cache_clear()  # songs of a dataset that is gone
    for table, rows in zip((MODELS, DATASETS), before, strict=True):
        table.clear()
        table.update(rows)  # what the call included is gone with it, as with a process
    stdout, stderr = capfd.readouterr()
    return subprocess.CompletedProcess(sys.argv, int(stop.value.code or 0), stdout, stderr)
