"""`run --shard`, `--timeout`, `--no-mlflow`, and two runs on one folder."""

import json
from collections import Counter

import pytest

from benchmark.record.store import read_plans
from benchmark.train.estimate import Estimate
from tests.benchmark.apart import start_apart
from tests.benchmark.cli.cli import mer_here
from tests.benchmark.cli.runs import outcomes
from tests.conftest import USERS_FILE

N_CELLS = 3 + 3  # floors once, one model three times
SECONDS = 240  # of two runs on a busy machine
LINGERING = '''
from pathlib import Path
import time
from models.contract import Estimator

FILE = Path(__file__).with_name("trained")


class Lingering(Estimator):
    """Says in a file which cell it trains, and takes its time."""

    def __init__(self, *, n_features, config):
        pass

    def fit(self, songs, trainer):
        with FILE.open("a") as file:
            file.write(f"{trainer.seed('name')}\\n")
        time.sleep(0.3)

    def train_networks(self, songs, trainer):
        pass

    def predict(self, songs):
        return [np.zeros((song.n_frames, 2), np.float32) for song in songs]

    def other_parameters(self):
        return {"none": 1}

    def other_flops(self):
        return 0


MODELS["lingering"] = ModelEntry(target=Lingering, summary="slow", kind="estimator")
'''


@pytest.fixture
def study(users_file, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(
        "{models: [tiny_gru], dataset: tiny, sequence_lengths: [10], repetitions: 3, max_epochs: 1}"
    )
    return ["--study", path, "--include", users_file, "--workers", 1, "--no-mlflow"]


@pytest.fixture
def run(study, capfd, monkeypatch):
    monkeypatch.setattr("benchmark.run.session.write_answer", lambda *_: [])
    return lambda *options: mer_here(capfd, "run", *study, *options)


@pytest.fixture
def priced(monkeypatch):
    """Return a function that gives every cell an estimate, by its model."""

    def give(**seconds):
        monkeypatch.setattr(
            "benchmark.run.planning.cost",
            lambda cell, *_: Estimate(1, 1, seconds.get(cell.model, 0.0)),
        )

    return give


def test_shards_together_leave_the_records_of_a_whole_run(run, tmp_path):
    assert run("--results", tmp_path / "whole").returncode == 0
    for number in (1, 2):
        answer = run("--results", tmp_path / f"{number}", "--shard", f"{number}/2", "--json")
        assert answer.returncode == 0, answer.stderr
        assert "6 cells, 3 of other shards, 0 recorded, 3 to run" in answer.stderr
        told = json.loads(answer.stdout)  # of the whole study
        assert sum(row["n_cells"] for row in told["rows"]) == 3
        assert sum(row["n_missing"] for row in told["rows"]) + told["cells_not_begun"] == 3
        (plan,) = read_plans(tmp_path / f"{number}")
        assert len(plan.groups) == N_CELLS
    first, second = outcomes(tmp_path / "1"), outcomes(tmp_path / "2")
    assert not first[0].keys() & second[0].keys()
    assert (first[0] | second[0], first[1] | second[1]) == outcomes(tmp_path / "whole")


def test_shards_are_dealt_alike_whatever_is_recorded_and_fresh_trains_its_own(run, tmp_path):
    results = tmp_path / "r"

    def planned():
        cells = json.loads(
            run("--results", results, "--shard", "2/3", "--dry-run", "--json").stdout
        )
        return [cell["cell"] for cell in cells["cells"]]

    before = planned()
    assert len(before) == 2
    run("--results", results)
    assert planned() == before
    stamps = {path: path.stat().st_mtime_ns for path in results.glob("records/*/*.json")}
    answer = run("--results", results, "--shard", "2/3", "--fresh")
    assert "4 of other shards, 0 recorded, 2 to run" in answer.stderr
    new = [path for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp]
    assert sorted(json.loads(path.read_text())["cell"] for path in new) == sorted(before)


def test_a_shard_without_cells_has_nothing_to_do(run, tmp_path):
    answer = run("--results", tmp_path / "r", "--shard", "7/7", "--json")
    assert (answer.returncode, json.loads(answer.stdout)["rows"]) == (0, [])
    assert "6 cells, 6 of other shards, 0 recorded, 0 to run" in answer.stderr


def test_the_failures_of_other_shards_are_not_this_ones(run, tmp_path):
    run("--results", tmp_path / "r")
    for path in tmp_path.glob("r/records/*/tiny_gru*.json"):
        wrong = {"status": "failed", "error": "no", "scores": {}, "training_scores": {},
                 "per_song": {}, "parameters": {}, "curves": {}}  # fmt: skip
        path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    assert run("--results", tmp_path / "r", "--shard", "7/7").returncode == 0


def test_what_there_is_no_time_for_is_left_with_exit_code_3(run, priced, tmp_path):
    options = ("--results", tmp_path / "r", "--timeout", "2m")
    priced(tiny_gru=1e9)
    answer = run(*options, "--json")
    assert answer.returncode == 3, answer.stderr
    assert json.loads(answer.stdout)["cells_not_begun"] == 3
    assert answer.stderr.splitlines()[-1].startswith("3 of 6 cells are left, the shortest of at")
    assert answer.stderr.splitlines()[-1].endswith("run the same command again to go on")
    hopeless = run(*options)
    assert hopeless.returncode == 2
    assert "error: No cell ends within --timeout: the shortest takes up to" in hopeless.stderr
    priced()
    assert run(*options).returncode == 0
    assert run(*options).returncode == 0  # with nothing to do


def test_a_run_that_has_no_time_at_all_says_so(run, tmp_path):
    answer = run("--results", tmp_path / "r", "--timeout", "0.001")
    assert answer.returncode == 2  # "more to do" would be said again and again
    assert "error: No cell ends within --timeout" in answer.stderr
    assert not list(tmp_path.glob("r/records/*/*"))
    assert run("--results", tmp_path / "r").returncode == 0
    assert run("--results", tmp_path / "r", "--timeout", "0.001").returncode == 0  # nothing to do


def test_without_mlflow_no_database_is_made(run, tmp_path):
    answer = run("--results", tmp_path / "r", "--models", "tiny_gru", "--repetitions", 1)
    assert "MLflow" not in answer.stdout + answer.stderr
    assert not list((tmp_path / "r").glob("ml*"))


def test_an_impossible_shard_is_one_line(run, tmp_path):
    answer = run("--results", tmp_path / "r", "--shard", "0/3")
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: --shard=0/3: shards are counted from 1 to N")
    assert not (tmp_path / "r").exists()


def test_two_runs_on_one_folder_train_every_cell_once_also_again(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(USERS_FILE + LINGERING)
    results = tmp_path / "results"
    results.mkdir()
    arguments = [
        "run", "--include", path, "--models", "lingering", "--dataset", "tiny", "--repetitions", 6,
        "--workers", 1, "--results", results, "--no-mlflow", "--json",
    ]  # fmt: skip
    for further in ((), ("--fresh",)):
        logs = [tmp_path / f"log-{number}" for number in (1, 2)]
        running = [start_apart([*arguments, *further], log) for log in logs]
        for process, log in zip(running, logs, strict=True):
            process.join(SECONDS)
            assert process.exitcode == 0, log.read_text()
            answer = log.read_text()
            rows = json.loads(answer[answer.index("\n{\n") :])["rows"]
            assert {row["model"]: row["n_cells"] for row in rows}["lingering"] == 6  # to the end
            log.unlink()
        trained = Counter((tmp_path / "trained").read_text().split())
        assert len(trained) == 6
        assert set(trained.values()) == {1}
        assert not list((results / "claims").iterdir())
        (tmp_path / "trained").unlink()
