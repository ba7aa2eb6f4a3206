"""A user's own rows, from a file or from an installed package."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.errors import PluginError
from benchmark.run.plugins import include_plugins, include_sent
from models.registry import MODELS
from tests.benchmark.cli.cli import mer_anew, mer_here
from tests.conftest import USERS_FILE

ONE_MODEL = """
from models.registry import ModelEntry
MODELS = {"NAME": ModelEntry(target="models.crnn:CRNN", summary="mine")}
"""


@pytest.fixture
def installed_package(tmp_path: Path) -> str:
    """Lay out a package as an installer would; return the folder for PYTHONPATH."""
    (tmp_path / "my_models.py").write_text(USERS_FILE)
    facts = tmp_path / "my_models-1.2.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: my-models\nVersion: 1.2\n")
    (facts / "entry_points.txt").write_text("[mer_benchmark]\nmine = my_models\n")
    return str(tmp_path)


def test_an_installed_packages_model_and_dataset_are_listed_and_run(
    installed_package, tmp_path, capfd, monkeypatch
):
    listed = mer_anew("list", "--json", PYTHONPATH=installed_package)
    assert "tiny_gru" in [row["name"] for row in json.loads(listed.stdout)]
    monkeypatch.syspath_prepend(installed_package)
    answer = mer_here(
        capfd, "run", "--models", "tiny_gru", "--dataset", "tiny", "--repetitions", 2,
        "--max-epochs", 1, "--results", tmp_path / "results",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "tiny_gru" in answer.stdout


def test_a_changed_file_is_another_version_of_its_models(users_file, registries):
    include_plugins([users_file])
    before = MODELS.pop("tiny_gru").version
    users_file.write_text(users_file.read_text().replace('"tiny"', '"tiny2"'))
    include_plugins([users_file])
    assert MODELS["tiny_gru"].version != before


def test_a_name_that_another_file_took_names_that_file(users_file, registries, tmp_path):
    include_plugins([users_file])
    other = tmp_path / "other.py"
    other.write_text(ONE_MODEL.replace("NAME", "tiny_gru"))
    with pytest.raises(PluginError, match=f"'tiny_gru' is already registered by {users_file};"):
        include_plugins([other])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE_MODEL.replace("NAME", "crnn"), "'crnn' is already registered by this suite;"),
        (ONE_MODEL.replace("NAME", "my model"), "may hold letters, digits and _ only"),
        ("MODELS = {'mine': 3}", "'mine' is a int, not a ModelEntry. .* from models.registry"),
        (
            "def load(): pass\nDATASETS = {'hers': load}",
            r"'hers' is a function, not a DatasetEntry. Write 'hers': DatasetEntry\(load=.*"
            r" from datasets.registry import DatasetEntry; .* docs/extending.md",
        ),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named"),
        ("MODELS = {", r"SyntaxError: .* in \S+mine.py:1\. Try"),
        ("", "none of MODELS, DATASETS, FEATURES, METRICS, VIEWS"),
    ],
)
def test_a_file_that_cannot_be_included_is_explained(tmp_path, registries, text, message):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=message) as caught:
        include_plugins([path])
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_python_is_refused(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(ONE_MODEL)
    with pytest.raises(PluginError, match=r"its name must end in \.py"):
        include_plugins([path])


def test_the_console_script_is_installed():
    script = Path(sys.executable).with_name("mer-benchmark")
    answer = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert "Compare music emotion recognition models" in answer.stdout


def test_an_executor_that_cannot_be_imported_is_said_in_one_line(tmp_path, capfd):
    file = tmp_path / "far.py"
    file.write_text(
        "from benchmark.executors.registry import ExecutorEntry\n"
        "EXECUTORS = {'far': ExecutorEntry('no_such_module:Far', 'far away')}\n"
    )
    answer = mer_here(
        capfd, "run", "--include", file, "--executor", "far", "--results", tmp_path / "r"
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: Executor no_such_module:Far: ModuleNotFoundError")
    assert answer.stderr.count("\n") == 1


def test_files_of_one_name_that_were_sent_stay_apart(registries):
    row = (
        "from models.registry import ModelEntry\n"
        "MODELS = {{'{0}': ModelEntry(target='m:{0}', summary='')}}\n"
    )
    files = [("mine.py", row.format(name).encode()) for name in ("first", "second")]
    include_sent(files)
    assert {"first", "second"} <= MODELS.keys()
