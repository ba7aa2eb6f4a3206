"""Every page's commands, options, links and headings exist, and the examples of `docs/` run."""

import re

import numpy as np
import pandas as pd
import pytest

from benchmark.cli import app
from benchmark.cli.data import data
from benchmark.record.store import read_records
from tests.benchmark.cli.cli import mer_here
from tests.pages import (
    DOCS,
    EXTENDING,
    PAGES,
    ROOT,
    anchors,
    commands,
    example,
    links,
    name_of,
    parsed,
)  # fmt: skip

QUICK = ("--max-epochs", 2, "--repetitions", 1, "--executor", "inline")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_of_a_page_parses(page):
    for arguments in commands(page):
        parsed(arguments)


def test_a_command_that_does_not_exist_is_noticed():
    for arguments in (["rum"], ["run", "--modles", "crnn"], ["data", "lits"], ["run", "crnn"]):
        with pytest.raises(Exception, match=r"No such command|No such option|unexpected extra"):
            parsed(arguments)


def test_every_command_is_shown_on_a_page():
    pages = [ROOT / "README.md", *DOCS]
    used = {parsed(arguments) for page in pages for arguments in commands(page)}
    known = {command.name for command in app.registered_commands}
    below = {command.name or command.callback.__name__ for command in data.registered_commands}
    assert used - {""} == known | {f"data {name}" for name in below}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page):
    for path, anchor in links(page):
        assert path.exists(), path
        assert not anchor or anchor in anchors(path), f"{name_of(path)}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_module_that_a_page_runs_exists(page):
    for module in re.findall(r"python -m ((?:tools|tests|benchmark)\.[\w.]+)", page.read_text()):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_every_page_of_docs_is_reached_from_the_readme():
    reached = {path for path, _ in links(ROOT / "README.md")}
    assert {page.resolve() for page in DOCS} <= {path.resolve() for path in reached}


EXAMPLES = (
    "wide.py", "nearest.py", "mydata.py", "loudness.py", "worst.py", "ranges.py", "batches.py",
)  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_extension_is_one_file_of_at_most_forty_lines(name):
    lines = example(name).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(("name", "row"), [("wide.py", "wide"), ("nearest.py", "nearest")])
def test_the_example_models_run(tmp_path, capfd, users_file, name, row):
    path = tmp_path / name
    path.write_text(example(name))
    answer = mer_here(
        capfd,
        "run",
        "--include",
        path,
        "--include",
        users_file,
        "--dataset",
        "tiny",
        "--models",
        row,
        *QUICK,
        "--results",
        tmp_path / "r",
    )
    assert answer.returncode == 0, answer.stderr
    assert row in answer.stdout


def test_the_example_executor_leaves_the_records_of_another(tmp_path, capfd, users_file):
    path = tmp_path / "batches.py"
    path.write_text(example("batches.py"))
    listed = mer_here(capfd, "list", "executors", "--include", path).stdout
    assert "batches" in listed
    study = ["run", "--dataset", "tiny", "--models", "tiny_gru", "--max-epochs", 1]
    study += ["--repetitions", 9, "--no-mlflow", "--include", users_file, "--include", path]
    for executor in ("batches", "inline"):
        results = tmp_path / executor
        answer = mer_here(capfd, *study, "--executor", executor, "--results", results)
        assert answer.returncode == 0, answer.stderr
    scores = [
        {record.cell: record.scores for record in read_records(tmp_path / executor)}
        for executor in ("batches", "inline")
    ]
    assert len(scores[0]) >= 9
    assert scores[0] == scores[1]


def test_the_example_with_a_search_space_is_listed(tmp_path, capfd):
    path = tmp_path / "wide.py"
    path.write_text(example("wide.py"))
    answer = mer_here(capfd, "list", "spaces", "--include", path, "--json")
    assert '"wide.width"' in answer.stdout


def test_the_example_dataset_of_fifteen_lines_trains_from_a_table_of_features(tmp_path, capfd):
    text = example("mydata.py")
    assert len([line for line in text.splitlines() if line.strip()]) <= 17
    file = tmp_path / "mydata.py"
    file.write_text(text)
    rng = np.random.default_rng(1)
    frames = pd.DataFrame([
        {"song": f"song {index}", "time": time, "valence": index / 10, "arousal": -time / 10}
        for index in range(10)
        for time in np.arange(0, 6, 0.5)
    ])  # fmt: skip
    for name in ("loudness", "tempo", "pitch"):
        frames[name] = frames["valence"] + rng.normal(0, 0.1, len(frames))
    frames.to_csv(tmp_path / "frames.csv", index=False)
    (words,) = [words for words in commands(EXTENDING) if "mydata.py" in words]
    words[words.index("mydata.py")] = file
    words[words.index("--data-root") + 1] = tmp_path
    answer = mer_here(capfd, *words, *QUICK, "--results", tmp_path / "r")
    assert answer.returncode == 0, answer.stderr
    for record in read_records(tmp_path / "r"):
        assert record.n_songs == {"development": 5, "evaluation": 5}
        assert record.n_features == 3
