"""Odd numbers, odd terminals and odd texts: one line each, and no traceback."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli.streams import as_started, visible
from benchmark.record.store import write_record
from benchmark.report.export import plain_cell
from tests.benchmark.cli.cli import ROOT, clean, mer_anew, mer_here
from tests.made_up_records import make_record

NINES = "9" * 5000
LONG = "x/" * 2100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--workers", NINES], "--workers='999"),
        (["run", "--repetitions", NINES], "repetitions"),
        (["run", "--sequence-lengths", NINES], "is not a list of whole numbers"),
        (["speed", "--rounds", NINES], "--rounds='999"),
        (["search", "--timeout", NINES], "--timeout='999"),
        (["run", "--include", "x" * 5000], "File name too long"),
        (["status", "--results", LONG], "File name too long"),
        (["run", "--results", LONG], "File name too long"),
        (["run", "--study", LONG + ".yaml"], "File name too long"),
        (["run", "--dry-run", "--repetitions", "1000000"], "at most 20,000 can be planned"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_numbers_and_paths_without_end_are_one_line(capfd, arguments, said):
    done = mer_here(capfd, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_ascii_terminal_gets_escapes(tmp_path):
    write_record(tmp_path, make_record(dataset_options={"labels": "Ærø"}), {})
    done = mer_anew(
        "report", "--no-mlflow", "--results", tmp_path,
        LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert r"\xc6r\xf8" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_one_line(tmp_path):
    write_record(tmp_path, make_record(), {})
    command = [sys.executable, "-m", "benchmark", "status", "--results", str(tmp_path)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=ROOT, env=clean({}), stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "error: output: No space left on device\n"


def test_control_characters_of_an_error_never_reach_a_terminal(tmp_path, capfd):
    failed = make_record(status="failed", error="ValueError: \x1b]0;title\x07\x9b2J", scores={})
    write_record(tmp_path, failed, {})
    done = mer_here(capfd, "status", "--results", tmp_path)
    assert done.returncode == 1
    assert r"ValueError: \x1b]0;title\x07\x9b2J" in done.stderr
    assert visible("one\ttwo\nthree Ærø") == "one\ttwo\nthree Ærø"


def test_an_unreadable_record_leaves_what_is_above_the_folder_alone(tmp_path, capfd):
    results = tmp_path / "project" / "shared"
    path = write_record(results, make_record(), {})
    thesis = tmp_path / "project" / "thesis.txt"
    thesis.write_text("mine")
    cell = make_record().cell
    path.write_text(path.read_text().replace(cell, "../../../../"))
    (results / "weights").mkdir()
    done = mer_here(capfd, "report", "--results", results)
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert thesis.read_text() == "mine"


@pytest.mark.parametrize("name", ["-1.5", "1e-05", "+3", "crnn", "(oracle)", ""])
def test_numbers_and_words_stay_as_they_are_in_csv(name):
    assert plain_cell(name) == name


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-x", "@sum", "\tx"])
def test_formulas_are_quoted_in_csv(name):
    assert plain_cell(name) == f"'{name}"


def test_a_renamed_folder_of_records_stops_report_with_one_line(tmp_path, capfd):
    path = write_record(tmp_path, make_record(), {})
    shutil.move(path.parent, path.parent.with_name("old"))
    done = mer_here(capfd, "report", "--results", tmp_path)
    assert done.returncode == 2
    assert "is not in its place" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("/opt/bin/mer-benchmark", "mer-benchmark ui"),
        ("/home/her/benchmark/__main__.py", "python -m benchmark ui"),
    ],
)
def test_commands_are_advised_as_the_program_was_started(program, command, monkeypatch):
    monkeypatch.setattr("sys.argv", [program, "status"])
    assert as_started("Run: python -m benchmark ui") == f"Run: {command}"
