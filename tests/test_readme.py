"""The README does what it says: its example is run, its commands and links exist."""

import re
from pathlib import Path

import pytest

from benchmark.cli import app
from benchmark.cli.data import data
from tests.benchmark.cli.cli import mer_here

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


def test_the_example_model_is_twenty_lines_and_runs(tmp_path, capfd):
    (example,) = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 20
    path = tmp_path / "mine.py"
    path.write_text(example)
    answer = mer_here(
        capfd, "run", "--include", path, "--models", "dilated", "--repetitions", 1,
        "--max-epochs", 1, "--workers", 1, "--results", tmp_path / "results",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "dilated" in answer.stdout


def test_the_readme_is_a_page():
    assert len(TEXT.splitlines()) <= 220


def test_the_readme_names_the_paper_the_command_and_the_study_that_run_trains(capfd):
    assert "https://arxiv.org/abs/1706.02292" in TEXT
    for command in ("mer-benchmark doctor", "pip wheel", "--version"):
        assert command in TEXT
    assert "Without `--study` it is `compare`" in TEXT
    assert "make demo   # study smoke" in TEXT
    assert "benchmark run --study smoke" in (ROOT / "Makefile").read_text()
    title = mer_here(capfd, "run", "--models", "crnn", "--dry-run").stdout.splitlines()[0]
    assert title.startswith("study compare ")


def test_every_command_in_the_readme_exists():
    used = set(re.findall(r"python -m benchmark (\w+)", TEXT))
    known = {command.name for command in app.registered_commands} | {"data"}
    assert used == known - {"speed"}  # which has a page of its own
    below = {command.name or command.callback.__name__ for command in data.registered_commands}
    assert set(re.findall(r"python -m benchmark data (\w+)", TEXT)) == below


def test_every_option_in_the_readme_exists(capfd):
    commands = [[], *([command.name] for command in app.registered_commands)]
    commands += [
        ["data", command.name or command.callback.__name__] for command in data.registered_commands
    ]
    helps = " ".join(mer_here(capfd, *command, "--help").stdout for command in commands)
    ours = [line for line in "".join(blocks("sh")).splitlines() if "benchmark " in line]
    for option in set(re.findall(r"(--[a-z][a-z-]+)", " ".join(ours))):
        assert option in helps


PAGES = ("README.md", "CONTRIBUTING.md", "studies/README.md", "benchmark/cli/README.md")
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
LINKS = [
    (ROOT / page, target)
    for page in (*PAGES, *DOCS, "results/README.md")
    for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", (ROOT / page).read_text())
]


@pytest.mark.parametrize("page", DOCS)
def test_every_command_and_option_of_a_page_exists(page, capfd):
    text = (ROOT / page).read_text()
    lines = re.findall(r"python -m benchmark (data \w+|\w+)(.*)", text)
    assert lines or page == "docs/faults.md"
    for command, rest in lines:
        helped = mer_here(capfd, *command.split(), "--help")
        assert helped.returncode == 0, command
        for option in re.findall(r"--[a-z][a-z-]+", rest.partition("#")[0]):
            assert option in helped.stdout, f"{command} {option}"


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_every_link_in_a_readme_leads_somewhere(page, target):
    assert (page.parent / target).exists()


def test_the_commands_of_make_exist():
    targets = set(re.findall(r"make (\w+)", " ".join(blocks("sh"))))
    assert targets == {"demo", "test"}
    for target in targets:
        assert f"\n{target}:" in (ROOT / "Makefile").read_text()
