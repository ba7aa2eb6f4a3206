"""The README does what it says: its example is run, its output is what is printed today."""

import re

import pytest

from models.registry import MODELS
from tests.benchmark.cli.cli import mer_here
from tests.pages import ROOT, blocks

PATH = ROOT / "README.md"
TEXT = PATH.read_text()


def test_the_example_model_is_twenty_lines_and_runs(tmp_path, capfd):
    (example,) = blocks(PATH, "python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 20
    path = tmp_path / "mine.py"
    path.write_text(example)
    answer = mer_here(
        capfd, "run", "--include", path, "--models", "dilated", "--repetitions", 1,
        "--max-epochs", 1, "--executor", "inline", "--results", tmp_path / "results",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "dilated" in answer.stdout


@pytest.fixture(scope="module")
def quoted():
    """Return the lines of the demo's output that the README quotes."""
    (block,) = blocks(PATH, "text")
    return block.splitlines()


def test_the_quoted_output_has_the_columns_and_rows_that_the_demo_prints(quoted, tmp_path, capfd):
    answer = mer_here(
        capfd, "run", "--study", "smoke", "--models", "crnn", "--repetitions", 2,
        "--max-epochs", 1, "--executor", "inline", "--results", tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    printed = [line.rstrip() for line in answer.stdout.splitlines()]
    heading = next(number for number, line in enumerate(printed) if line.startswith(" model "))
    # the longest name of the demo's rows, (oracle of song means), decides the columns' places
    assert printed[heading - 1 : heading + 1] == quoted[:2]
    named = {line.split("  ")[0].strip() for line in quoted[2:]}
    assert named <= {"crnn", "blstm", "blstm_ensemble", "constant", "context"}
    for name in named & {"crnn", "constant", "context"}:
        ours, theirs = (
            next(line for line in lines if line.startswith(f" {name}  "))
            for lines in (quoted, printed)
        )
        assert re.sub(r"[0-9]\.[0-9]+", "", ours) == re.sub(r"[0-9]\.[0-9]+", "", theirs)


def test_the_quoted_parameters_are_those_of_the_models(quoted):
    for name in ("crnn", "blstm"):
        (line,) = (line for line in quoted if line.startswith(f" {name}  "))
        assert f" {MODELS[name].parameters:,} " in line


def test_the_readme_is_a_page():
    assert len(TEXT.splitlines()) <= 120


def test_the_readme_names_the_paper_the_command_and_the_study_that_run_trains(capfd):
    assert "https://arxiv.org/abs/1706.02292" in TEXT
    for command in ("mer-benchmark doctor", "pip wheel", "--version"):
        assert command in TEXT
    assert "Without `--study` it is `compare`" in (ROOT / "studies" / "README.md").read_text()
    assert "make demo   # study smoke" in TEXT
    assert "benchmark run --study smoke" in (ROOT / "Makefile").read_text()
    title = mer_here(capfd, "run", "--models", "crnn", "--dry-run").stdout.splitlines()[0]
    assert title.startswith("study compare ")


def test_the_commands_of_make_exist():
    targets = {
        line.split()[1] for block in blocks(PATH, "sh") for line in block.splitlines()
        if line.startswith("make ")
    }  # fmt: skip
    assert targets == {"demo", "test"}
    for target in targets:
        assert f"\n{target}:" in (ROOT / "Makefile").read_text()
