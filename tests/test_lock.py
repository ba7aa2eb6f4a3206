"""`pyproject.toml`, `constraints.txt` and `pylock.toml` agree, and the lock holds everywhere."""

import tomllib
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKED_EXTRAS = ("postgres", "ray")  # what several machines need
LOCK = tomllib.loads((ROOT / "pylock.toml").read_text())
LOCKED = {package["name"]: package["version"] for package in LOCK["packages"]}
PINNED = {
    canonicalize_name(name): version
    for name, _, version in (
        line.partition("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    )
}


def unmet(lines: list[str], versions: dict[str, str]) -> list[str]:
    """Return the requirements that no given version satisfies; our own extras are not asked."""
    requirements = [Requirement(line) for line in lines if not line.startswith(PROJECT["name"])]
    return [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]


def test_every_requirement_has_a_pin_that_meets_it():
    extras = [line for lines in EXTRAS.values() for line in lines]
    assert unmet(PROJECT["dependencies"] + extras, PINNED) == []


def test_the_lock_holds_what_several_machines_need():
    extras = [line for extra in LOCKED_EXTRAS for line in EXTRAS[extra]]
    assert unmet(PROJECT["dependencies"] + extras, LOCKED) == []


def test_the_lock_is_made_of_the_pins():
    assert {name: PINNED.get(name) for name in LOCKED} == LOCKED
    assert LOCK["requires-python"] == PROJECT["requires-python"]


def test_every_locked_file_is_public_and_has_a_hash():
    for package in LOCK["packages"]:
        sources = [package["sdist"]] if "sdist" in package else []
        files = sources + package.get("wheels", [])
        assert files, package["name"]
        assert {urlsplit(file["url"]).netloc for file in files} == {"files.pythonhosted.org"}
        assert {len(file["hashes"]["sha256"]) for file in files} == {64}
