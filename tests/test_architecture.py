"""The map, guarded: arrows, doors and sizes, read from the source."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("benchmark", "datasets", "models", "studies")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
OTHERS = sorted(path for folder in ("tests", "tools") for path in (ROOT / folder).rglob("*.py"))
# who imports whom: only to the right
FLOORS = [
    "cli", "speed", "search", "run", "tracking", "report", "analysis", "predict", "record",
    "evaluate", "train", "plan", "executors",
]  # fmt: skip
DOORS = {
    "mlflow": "benchmark/tracking/",
    "fvcore": "benchmark/evaluate/complexity.py",
    "seaborn": "benchmark/report/figures/style.py",
    "matplotlib": "benchmark/report/figures/",
    "optuna": "benchmark/search/",
    "librosa": "datasets/features/logmel.py",
    "opensmile": "datasets/features/opensmile.py",
    "soundfile": "datasets/audio.py",
    "pooch": "datasets/download.py",
    "mido": "datasets/midi.py",
    "keras": "tools/keras_peer.py",
    "tensorflow": "tools/keras_peer.py",
    "safetensors": "benchmark/record/weights.py",
    "ray": "benchmark/executors/",
    "jinja2": "benchmark/report/page/",
}
WITHOUT_TORCH = ("analysis", "report")
MODULE = re.compile(r"(?:benchmark|datasets|models)(?:\.[a-z_0-9]+)+(?=$|:)")
SHALLOW = {"datasets": {"datasets"}, "models": {"models", "datasets"}}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> set[str]:
    """Return every module a file imports, wherever in the file, or names in a string."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(MODULE.findall(node.value)) if MODULE.match(node.value) else set()
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_rooms_hold_facts_and_never_import_the_harness(path):
    room = path.relative_to(ROOT).parts[0]
    if room in SHALLOW:
        others = set(ROOMS) - SHALLOW[room]
        assert not {module for module in imported(path) if module.split(".")[0] in others}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_room_imports_only_rooms_below_it(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] != "benchmark" or path.stem == "__main__":
        return
    own = FLOORS.index(parts[1]) if len(parts) > 2 else len(FLOORS)  # a loose file: below all
    for module in imported(path):
        room = module.split(".")[1:2]
        if module.startswith("benchmark.") and room[0] in FLOORS:
            assert FLOORS.index(room[0]) >= own, f"{module} lies above {name_of(path)}"


def test_every_room_has_its_floor():
    rooms = {path.parent.name for path in (ROOT / "benchmark").glob("*/__init__.py")}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_tool_has_one_door(path):
    for module in imported(path):
        door = DOORS.get(module.split(".")[0])
        is_open = door is None or name_of(path).startswith(door)  # a folder's name ends with /
        assert is_open, f"{module} belongs into {door}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_one_file_alone_removes_folders_of_results(path):
    room = path.relative_to(ROOT).parts[0]
    if room == "benchmark" and name_of(path) != "benchmark/record/places.py":
        assert not re.findall(r"rmtree|rmdir|removedirs", path.read_text())


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_that_is_installed_imports_tests_or_tools(path):
    assert not {module for module in imported(path) if module.split(".")[0] in ("tests", "tools")}


@pytest.mark.parametrize("path", OTHERS, ids=name_of)
def test_files_of_tests_and_tools_stay_small_and_import_no_tests(path):
    assert len(path.read_text().splitlines()) <= 300
    tests = {module for module in imported(path) if re.search(r"^tests\..*\btest_", module)}
    assert not tests, "what tests share lies in files of its own"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_stay_small_and_say_what_they_are(path):
    source = path.read_text()
    assert len(source.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(source))
    assert path.stem not in {"utils", "helpers", "common", "misc"}


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_numbers_and_pages_are_made_without_torch(room):
    for path in (ROOT / "benchmark" / room).rglob("*.py"):
        assert not {module for module in imported(path) if module.startswith("torch")}


def test_packages_are_declared_one_by_one():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = project["tool"]["setuptools"]["packages"]
    folders = {name_of(path.parent).replace("/", ".") for path in FILES}
    assert sorted(declared) == sorted(folders)


def test_the_changelog_knows_the_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert f"## {version.group(1)}" in (ROOT / "CHANGELOG.md").read_text()
