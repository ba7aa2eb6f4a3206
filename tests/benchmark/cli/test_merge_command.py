"""`merge` as people use it: two machines, and a row of one's own beside committed ones."""

import hashlib
import json
import shutil

import pytest

from benchmark.record.store import read_records, write_plan, write_record
from benchmark.report.answer import answer_from_records
from tests.benchmark.cli.cli import mer_here
from tests.committed import RESULTS
from tests.made_up_folders import contents, fill, record_of, scored
from tests.made_up_records import changed, make_record
from tests.made_up_results import write_groups
from tests.pages import ROOT, blocks, commands
from tests.small_models import make_cell

PAGE = ROOT / "docs" / "merging.md"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    """Work in an empty folder, on a disk that needs no flushing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def record_study(folder, models):
    """Write three repetitions of models, and the plan of a study of them."""
    cells = [make_cell(model, repetition=n) for model in models for n in (1, 2, 3)]
    write_plan(folder, "mine", cells, [("crnn", "linear")])
    for cell in cells:
        error = 0.01 * cell.repetition + 0.1 * len(cell.model)
        per_song = make_record().per_song | {"rmse_valence": [error, error / 2, error / 3]}
        write_record(folder, make_record(**cell.plain(), per_song=per_song), {})
    return folder


def test_merged_folders_report_what_one_run_of_all_would(tmp_path, capfd):
    record_study(tmp_path / "whole", ["crnn", "blstm", "linear"])
    record_study(tmp_path / "here", ["crnn", "linear"])
    record_study(tmp_path / "there", ["blstm", "linear"])
    (words,) = (words for words in commands(PAGE) if words[:3] == ["merge", "here", "there"])
    answer = mer_here(capfd, *words)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == [
        "written to both: plans 2, records 9",
        "tables, figures, MLflow: python -m benchmark report --results both",
    ]
    whole, merged = (answer_from_records(tmp_path / name, "mine") for name in ("whole", "both"))
    assert merged.csv() == whole.csv()
    assert merged.as_json() == whole.as_json()
    again = mer_here(capfd, *words)
    assert (again.returncode, again.stdout) == (0, "nothing to do: both holds all of it\n")


def test_a_conflict_is_one_line_and_exit_code_2_and_prefer_says_what_it_did(tmp_path, capfd):
    fill(tmp_path / "here", record_of())
    fill(tmp_path / "there", scored(0.5))
    answer = mer_here(capfd, "merge", "here", "there", "--into", "both")
    assert (answer.returncode, answer.stdout) == (2, "")
    (line,) = answer.stderr.splitlines()
    assert line.startswith("error: The folders disagree, and nothing is written: here/records/")
    assert not (tmp_path / "both").exists()
    answer = mer_here(capfd, "merge", "here", "there", "--into", "both", "--prefer", "left")
    assert answer.returncode == 0
    assert "1 differed: kept by --prefer left" in answer.stderr
    assert contents(tmp_path / "both") == contents(tmp_path / "here")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--into", "both"), "Missing argument 'FOLDER...'"),
        (("here",), "Missing option '--into'"),
        (("here", "--into", "both", "--prefer", "right"), "is not one of 'newest', 'left'"),
        (("here", "--into", "both"), "here is no results folder"),
    ],
)
def test_a_wrong_merge_is_one_line(words, message, capfd):
    answer = mer_here(capfd, "merge", *words)
    assert (answer.returncode, answer.stdout) == (2, "")
    (line,) = answer.stderr.splitlines()
    assert message in line


def test_the_recipe_puts_ones_own_row_beside_committed_ones(tmp_path, capfd):
    """The page's commands; instead of training the new cells, their records are made up."""
    (source,) = blocks(ROOT / "README.md", "python")
    (tmp_path / "mine.py").write_text(source)
    committed = tmp_path / "results" / "tradeoff-synthetic"
    shutil.copytree(RESULTS / "tradeoff-synthetic", committed)
    merge, run, report = [words for words in commands(PAGE) if "results/mine" in words]
    assert mer_here(capfd, *merge).returncode == 0
    planned = mer_here(capfd, *run, "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    cells = json.loads(planned.stdout)["cells"]
    assert {cell["name"] for cell in cells if cell["is_recorded"]} == {"constant-r1", "linear-r1"}
    assert len([cell for cell in cells if cell["name"].startswith("dilated")]) == 4 * 5
    mine = tmp_path / "results" / "mine"
    version = f"1-{hashlib.sha256(source.encode()).hexdigest()[:12]}"  # the file is part of it
    crnn = [record for record in read_records(mine) if record.model == "crnn"]
    new = [changed(one, model="dilated", model_version=version, config={}) for one in crnn]
    assert {record.cell for record in new} <= {cell["cell"] for cell in cells}
    for record in new:
        write_record(mine, record, {})
    study = report[report.index("--study") + 1]
    write_groups(mine, study, {record.cell: record.group for record in new})
    before, after = (answer_from_records(folder, study).tables for folder in (committed, mine))
    (before,), (after,) = before, after
    assert {row.name({}): row.scores for row in before.rows}.items() <= {
        row.name({}): row.scores for row in after.rows
    }.items()
    assert len(after.rows) == len(before.rows) + 4
