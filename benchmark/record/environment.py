"""Versions, commit and hardware: where a number comes from."""

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

LIBRARIES = ("torch", "numpy", "scikit-learn", "pandas", "librosa", "mlflow", "fvcore")


@cache
def environment() -> dict[str, Any]:
    """Return versions, source commit and machine as JSON-ready values."""
    return {
        "commit": commit(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
    } | {library: _version(library) for library in LIBRARIES}


def commit() -> str:
    """Return the commit of this checkout, "-dirty" where files differ, or of what was installed.

    A package that was built without git is known by its version alone.
    """
    root = Path(__file__).parents[2]
    described = ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--dirty"]
    if (root / ".git").exists():
        answer = subprocess.run(described, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return answer.stdout.strip()
    stamp = root / "benchmark" / "commit.txt"  # of a wheel: see setup.py
    if stamp.is_file():
        return stamp.read_text().strip()
    return f"mer-benchmark {_version('mer-benchmark')}"


def release() -> str:
    """Return the package's name and version, and the commit of a checkout."""
    name, tree = f"mer-benchmark {_version('mer-benchmark')}", commit()
    return name if tree == name else f"{name}, commit {tree}"


def peak_memory_bytes() -> int:
    """Return the largest resident size this process has had."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
