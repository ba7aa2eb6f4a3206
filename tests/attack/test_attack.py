"""A sample of the attacks in every run of the tests; the whole with `pytest -m attack`."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEED = 2017
SAMPLE = {  # numbers of cases: see `--only` in README.md
    "command-lines": range(40),
    "damaged-files": (0, 1, 2, 3, 4, 5),  # all of one template, made in seconds
    "users-code": (1,),
    "kills": (10, 11),  # the second ends a chain: the folder is completed and compared
    "places": (0,),
}
FAULTS_PAGE = ROOT / "docs" / "faults.md"
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)(?:\[[\w-]+\])?`")


def attacked(*options: object) -> dict:
    """Run an attack in a process of its own; return its summary."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.attack", "--json", *map(str, options)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def sample() -> dict:
    """Attack with a few cases of every kind, all in one process."""
    numbers = [f"{kind}:{number}" for kind, chosen in SAMPLE.items() for number in chosen]
    return attacked("--seed", SEED, "--inline", "--only", *numbers)


@pytest.mark.parametrize("kind", SAMPLE)
def test_no_case_of_the_sample_is_bad(sample, kind):
    causes = {cause: at for cause, at in sample["causes"].items() if at[0].startswith(kind)}
    assert sample["cases"][kind] == len(SAMPLE[kind])
    assert sample["bad"].get(kind, 0) == 0, causes


@pytest.mark.attack
@pytest.mark.parametrize(
    "kind", ["command-lines", "damaged-files", "users-code", "kills", "starts", "places"]
)
def test_no_case_of_the_whole_attack_is_bad(kind):
    found = attacked("--seed", 1, "--kinds", kind)
    assert found["bad"].get(kind, 0) == 0, found["causes"]


def test_every_promise_under_a_fault_names_a_test_that_exists():
    named = NAMED_TEST.findall(FAULTS_PAGE.read_text())
    assert len(named) > 20
    for file, test in named:
        path = ROOT / file
        assert path.is_file(), file
        assert re.search(rf"^def {test}\(", path.read_text(), re.M), f"{file}::{test}"


def test_every_line_of_the_promises_names_a_test():
    table = FAULTS_PAGE.read_text().partition("## Promises")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 20
    for row in rows:
        assert NAMED_TEST.search(row), row
