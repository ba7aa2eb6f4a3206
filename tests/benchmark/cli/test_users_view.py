"""A view of a user's own, from one file: tables, figure, columns, JSON and page."""

import csv
import json
from pathlib import Path

import pytest

from tests.benchmark.cli.cli import mer_here
from tests.conftest import USERS_FILE
from tests.pages import example

RANGES = example("ranges.py")
RUN = ("run", "--dataset", "tiny", "--models", "constant", "--executor", "inline")


@pytest.fixture
def results(tmp_path, capfd, registries):
    (tmp_path / "mine.py").write_text(USERS_FILE)
    (tmp_path / "view.py").write_text(RANGES)
    ran = mer_here(
        capfd, *RUN, "--include", tmp_path / "mine.py", "--results", tmp_path / "results"
    )
    assert ran.returncode == 0, ran.stderr
    return tmp_path / "results"


def report(capfd, results, *options):
    """Report with the user's view."""
    view = ("--include", results.parent / "view.py")
    return mer_here(capfd, "report", "--no-mlflow", "--results", results, *view, *options)


def test_it_is_printed_drawn_exported_and_on_the_page(capfd, results):
    told = report(capfd, results, "--format", "markdown", "--views", "ranges")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("**Ranges of repetitions**")
    assert "RMSE, dataset" not in told.stdout
    assert len(list((results / "figures").glob("*-ranges.png"))) == 1
    (table,) = (results / "tables").glob("*compare.csv")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["range_of_repetitions"] for row in rows if row["kind"] == "floor"} == {"0.0"}
    flat = json.loads(report(capfd, results, "--json").stdout)["rows"]
    assert all(row["range_of_repetitions"] == 0 for row in flat)
    page = Path(report(capfd, results, "--format", "html").stdout.removeprefix("written: ").strip())
    assert "Ranges of repetitions" in page.read_text()


def test_in_latex_and_in_the_list(capfd, results):
    assert r"\caption{Ranges of repetitions}" in report(capfd, results, "--format", "latex").stdout
    listed = mer_here(capfd, "list", "views", "--include", results.parent / "view.py")
    assert "how far repetitions lie apart" in listed.stdout


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("return [Grid(", "raise KeyError('mine')\n        return [Grid("),
        ("return [Figure(", "return [3, Figure("),
        ('{range_of(row):.3f}")', '{range_of(row):.3f}", 3)'),
        ('"range_of_repetitions": number', '"rmse_average": number'),
        ("    pandas.Series", "    raise RuntimeError('no ink')\n    pandas.Series"),
    ],
    ids=["raises", "wrong kind", "wrong cells", "a taken name", "cannot draw"],
)
def test_one_that_fails_is_named_in_one_line(capfd, results, broken, said):
    (results.parent / "view.py").write_text(RANGES.replace(broken, said))
    answer = report(capfd, results)
    assert answer.returncode == 2
    (line,) = [one for one in answer.stderr.splitlines() if one.startswith("error: ")]
    assert "'ranges'" in line or "-ranges.png" in line


def test_an_unknown_view_is_named_with_what_was_meant(capfd, results):
    answer = report(capfd, results, "--views", "rangs")
    assert answer.returncode == 2
    assert "No view is called 'rangs'. Did you mean 'ranges'?" in answer.stderr
