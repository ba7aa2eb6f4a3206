"""Cells that end their process, or are ended, fail on the record; all others are trained."""

import pytest

from benchmark.record.store import read_records
from tests.benchmark.cli.cli import mer_here

DEADLY = """
import os, signal, time
from multiprocessing import parent_process
import torch
from models.baselines import Constant
from models.registry import ModelEntry

class Deadly(Constant):
    def fit(self, songs, trainer):
        super().fit(songs, trainer)
        if parent_process() is not None:
            self.act()

class Killed(Deadly):
    def act(self):
        os.kill(os.getpid(), signal.SIGKILL)

class Hungry(Deadly):
    def act(self):
        kept = torch.ones(500_000_000)
        time.sleep(60)

class Hanging(Deadly):
    def act(self):
        while True:
            time.sleep(60)

MODELS = {
    name: ModelEntry(target=model, summary="", kind="estimator")
    for name, model in (("killed", Killed), ("hungry", Hungry), ("hanging", Hanging))
}
"""


@pytest.fixture
def run(tmp_path, capfd):
    """Return what runs a study of one user's models beside `constant` with one worker."""
    file = tmp_path / "deadly.py"
    file.write_text(DEADLY)

    def run(models, *options):
        answer = mer_here(
            capfd, "run", "--models", f"{models},constant", "--include", file, "--workers", 1,
            "--repetitions", 1, "--results", tmp_path / "r", *options,
        )  # fmt: skip
        records = {record.model: record for record in read_records(tmp_path / "r")}
        assert records["constant"].status == "done"
        return answer, records

    return run


def test_a_cell_that_kills_its_process_fails_on_the_record_and_the_others_are_done(run):
    answer, records = run("killed")
    assert answer.returncode == 1
    assert records["killed"].status == "failed"
    assert records["killed"].error == "its process was killed by SIGKILL, twice"
    assert "failed: killed" in answer.stderr
    assert "Traceback" not in answer.stderr
    again, _ = run("killed")
    assert "4 cells, 3 recorded, 1 to run" in again.stderr  # a failure gets another try


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        ("hanging", ("--cell-timeout", "3s"), "its process was ended at its time limit of 3 s"),
        ("hungry", ("--memory-limit", "1.5GB"), "of memory, its limit being 1.50 GB"),
    ],
)
def test_a_cell_over_a_limit_fails_on_the_record(run, model, options, reason):
    answer, records = run(model, *options)
    assert answer.returncode == 1
    assert records[model].status == "failed"
    assert reason in records[model].error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--memory-limit", "4"), "--memory-limit='4' is no amount of memory"),
        (("--memory-limit", "0GB"), "--memory-limit='0GB' is no amount of memory"),
        (("--cell-timeout", "soon"), "--cell-timeout='soon' is no duration"),
        (("--executor", "inline", "--cell-timeout", "1s"), "inline cannot end a cell"),
        (("--executor", "proceses"), "No executor is called 'proceses'. Did you mean 'processes'"),
    ],
)
def test_limits_that_mean_nothing_are_refused(capfd, tmp_path, options, said):
    answer = mer_here(capfd, "run", "--results", tmp_path / "r", *options)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert not (tmp_path / "r").exists()
