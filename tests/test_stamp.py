"""What is built from a checkout says of which commit it is."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from benchmark.record import environment

ROOT = Path(__file__).parents[1]


def build(checkout, *command):
    """Run a command of setuptools in a checkout."""
    subprocess.run(
        [sys.executable, "setup.py", "-q", *command], cwd=checkout, check=True, capture_output=True
    )


def test_a_wheel_and_an_archive_without_git_carry_the_commit(tmp_path, monkeypatch):
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", ROOT, checkout], check=True)
    for name in ("setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)
    git = ("git", "-C", checkout, "rev-parse", "--short=12", "HEAD")
    commit = subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()
    build(checkout, "build_py", "--build-lib", tmp_path / "wheel")
    build(checkout, "sdist", "--dist-dir", tmp_path)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.glob("mer_benchmark-*") if path.is_dir())
    build(unpacked, "build_py", "--build-lib", tmp_path / "again")
    for built in ("wheel", "again"):
        installed = tmp_path / built / "benchmark" / "record" / "environment.py"
        monkeypatch.setattr(environment, "__file__", str(installed))
        assert re.fullmatch(f"{commit}(-dirty)?", environment.commit())
        assert environment.release() == f"mer-benchmark 0.1.0, commit {environment.commit()}"
    assert not (checkout / "benchmark" / "commit.txt").exists()
