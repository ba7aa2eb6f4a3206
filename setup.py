"""Wheels and source archives carry the commit they are made from; a checkout asks git."""

import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
STAMP = Path("benchmark", "commit.txt")  # package data, so that an archive hands its own on
DESCRIBE = ["git", "describe", "--always", "--abbrev=12", "--dirty"]


def stamp(folder: Path) -> None:
    """Write what git says of this checkout into a folder of files to pack."""
    if (ROOT / ".git").exists():
        answer = subprocess.run(DESCRIBE, cwd=ROOT, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            (folder / STAMP).write_text(answer.stdout)


class StampedBuild(build_py):
    """Stamps what becomes a wheel."""

    def run(self) -> None:
        """Build, then stamp; an editable installation is the checkout itself."""
        super().run()
        if not self.editable_mode:
            stamp(Path(self.build_lib))


class StampedArchive(sdist):
    """Stamps the source archive."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Gather the files, then stamp them."""
        super().make_release_tree(base_dir, files)
        stamp(Path(base_dir))


setup(cmdclass={"build_py": StampedBuild, "sdist": StampedArchive})
