"""The main job: run, again, interrupted, with a user's own model and data."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from benchmark.record.store import read_records
from tests.benchmark.cli.cli import ROOT, clean, mer, mer_here

STUDY = """
models: [tiny_gru, crnn]
dataset: tiny
sequence_lengths: [10]
repetitions: 3
max_epochs: 3
"""
N_CELLS = 2 + 2 * 3  # floors once, two models three times


@pytest.fixture
def study(users_file, tmp_path):
    """Return the options of a study on the user's own dataset and model."""
    path = tmp_path / "mine_study.yaml"
    path.write_text(STUDY)
    return ["--study", path, "--include", users_file]


def outcomes(results):
    """Return every record without its circumstances, and every prediction, by file name."""
    records = {
        path.name: {key: value for key, value in json.loads(path.read_text()).items()
                    if key != "circumstances"}
        for path in (results / "records").glob("*/*.json")
    }  # fmt: skip
    predictions = {}
    for path in (results / "predictions").glob("*/*.npz"):
        with np.load(path) as stored:
            predictions[path.name] = {song: stored[song].tobytes() for song in stored.files}
    return records, predictions


def test_the_main_job_on_embedded_songs(tmp_path):
    answer = mer("run", "--models", "crnn", "--results", tmp_path, "--repetitions", 1)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.startswith(
        "study smoke on dataset synthetic: numbers say nothing about music"
    )
    for word in ("crnn", "linear", "constant", "oracle of song means", "noise floor", "35,256"):
        assert word in answer.stdout
    assert f"python -m benchmark ui --results {tmp_path}" in answer.stdout
    first, further = answer.stdout.split("further tables")
    assert "songs improved" not in first  # the headline alone is printed, the others are named
    assert f"{tmp_path}/tables/smoke.md" in further
    assert "Model against model" in further
    for written in ("tables/smoke.csv", "tables/smoke.md", "mlflow.db"):
        assert (tmp_path / written).is_file()
    assert list((tmp_path / "figures").glob("smoke-synthetic-baseline-*.png"))


def test_the_same_command_twice_trains_nothing_and_prints_the_same_table(study, tmp_path, capfd):
    first = mer_here(capfd, "run", "--workers", 1, *study, "--results", tmp_path / "r", "--json")
    assert first.returncode == 0, first.stderr
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "r/records").glob("*/*")}
    second = mer_here(capfd, "run", "--workers", 1, *study, "--results", tmp_path / "r", "--json")
    assert f"{N_CELLS} recorded, 0 to run" in second.stderr
    assert second.stdout == first.stdout
    assert stamps == {p: p.stat().st_mtime_ns for p in (tmp_path / "r/records").glob("*/*")}
    rows = json.loads(second.stdout)["rows"]
    assert {row["model"]: row["n_cells"] for row in rows} == {
        "crnn": 3, "tiny_gru": 3, "constant": 1, "linear": 1,
    }  # fmt: skip


def test_the_number_of_workers_changes_no_number(study, tmp_path, capfd):
    alone = mer_here(capfd, "run", *study, "--results", tmp_path / "1", "--workers", 1)
    shared = mer("run", *study, "--results", tmp_path / "2", "--workers", 2)
    assert alone.returncode == shared.returncode == 0, shared.stderr
    assert outcomes(tmp_path / "1") == outcomes(tmp_path / "2")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_killed_in_the_middle_ends_with_the_same_records(study, tmp_path, capfd, workers):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    options = [*map(str, study), "--set", "training.max_epochs=40"]
    assert mer_here(capfd, "run", *options, "--workers", 1, "--results", whole).returncode == 0
    options += ["--workers", str(workers)]
    for n_wanted in (1, 4):
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmark", "run", *options, "--results", str(killed)],
            cwd=ROOT, env=clean({}), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        while process.poll() is None and len(list(killed.glob("records/*/*.json"))) < n_wanted:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert len(list(killed.glob("records/*/*.json"))) < N_CELLS
    answer = mer("run", *options, "--results", killed)
    assert answer.returncode == 0, answer.stderr
    assert outcomes(killed) == outcomes(whole)


def workers_of(pid):
    """Return the ids of a run's worker processes."""
    children = psutil.Process(pid).children()
    servers = [child for child in children if "forkserver" in str(child.cmdline())]
    spawned = [child for child in children if "spawn_main" in str(child.cmdline())]
    workers = spawned + [worker for server in servers for worker in server.children()]
    assert len(workers) == 2
    return [worker.pid for worker in workers]


def hear_ctrl_c():
    """Hear Ctrl-C, which the tests ignore where a shell started them in its background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(options, results):
    """Start a run in a process group of its own and wait for its first record."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark", "run", *options, "--results", str(results)],
        cwd=ROOT, env=clean({}), stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    while process.poll() is None and not list(results.glob("records/*/*.json")):
        time.sleep(0.01)
    return process


def test_ctrl_c_stops_with_one_sentence_and_leaves_no_process(study, tmp_path):
    options = [*map(str, study), "--set", "training.max_epochs=40", "--workers", "2"]
    process = start(options, tmp_path / "r")
    workers = workers_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.strip().endswith("run the same command to go on.")
    assert "Traceback" not in stderr
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.1)


def test_a_killed_worker_is_told_in_one_line(study, tmp_path):
    options = [*map(str, study), "--set", "training.max_epochs=40", "--workers", "2"]
    process = start(options, tmp_path / "r")
    for pid in workers_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr.splitlines()[-1].startswith("error: A worker process was killed")
    assert "Traceback" not in stderr


def test_one_more_repetition_trains_only_what_is_missing(study, tmp_path, capfd):
    mer_here(capfd, "run", "--workers", 1, *study, "--results", tmp_path / "r", "--repetitions", 1)
    answer = mer_here(
        capfd, "run", "--workers", 1, *study, "--results", tmp_path / "r", "--repetitions", 2
    )
    assert "4 recorded, 2 to run" in answer.stderr


def test_fresh_trains_again(study, tmp_path, capfd):
    options = [*study, "--results", tmp_path / "r", "--models", "tiny_gru", "--repetitions", 1]
    mer_here(capfd, "run", "--workers", 1, *options)
    before = outcomes(tmp_path / "r")
    answer = mer_here(capfd, "run", "--workers", 1, *options, "--fresh")
    assert "0 recorded, 3 to run" in answer.stderr
    assert outcomes(tmp_path / "r") == before


def test_a_dry_run_prints_the_bill_and_writes_nothing(study, tmp_path, capfd):
    answer = mer_here(
        capfd, "run", "--workers", 1, *study, "--results", tmp_path / "r", "--dry-run"
    )
    assert answer.returncode == 0, answer.stderr
    _, first, *lines = answer.stdout.splitlines()
    assert f"{N_CELLS} cells, 0 recorded, {N_CELLS} to run; device cpu" in first
    assert len(lines) == N_CELLS
    assert all("at most" in line for line in lines)
    assert not (tmp_path / "r").exists()
    bill = json.loads(mer_here(capfd, "run", "--workers", 1, *study, "--dry-run", "--json").stdout)
    assert len(bill["cells"]) == N_CELLS
    assert bill["seconds_at_most"] > 0


BROKEN = """
from torch import nn
from models.registry import ModelEntry


class Broken(nn.Module):
    def __init__(self, *, n_features):
        super().__init__()
        self.head = nn.Linear(n_features, 2)
        self.n_calls = 0

    def forward(self, features):
        self.n_calls += 1
        if self.training:
            raise RuntimeError("out of paper")
        return self.head(features)


class Exploding(nn.Module):
    def __init__(self, *, n_features):
        super().__init__()
        self.head = nn.Linear(n_features, 2)

    def forward(self, features):
        return self.head(features) * (float("nan") if self.training else 1.0)


MODELS = {"broken": ModelEntry(target=Broken, summary="raises"),
          "exploding": ModelEntry(target=Exploding, summary="diverges")}
"""


def test_a_model_that_fails_becomes_a_record_and_the_others_go_on(study, tmp_path, capfd):
    (tmp_path / "broken.py").write_text(BROKEN)
    options = [*study, "--include", tmp_path / "broken.py", "--repetitions", 1]
    options += ["--models", "broken,exploding,tiny_gru", "--results", tmp_path / "r"]
    answer = mer_here(capfd, "run", "--workers", 1, *options)
    assert answer.returncode == 1
    assert "failed: broken-L10-r1: RuntimeError: out of paper" in answer.stderr
    assert "diverged: exploding-L10-r1: loss nan" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "broken: 0 of 1 cells done" in answer.stdout
    status = mer_here(capfd, "status", "--results", tmp_path / "r", "--json")
    assert status.returncode == 1
    assert json.loads(status.stdout) == {"done": 3, "diverged": 1, "failed": 1, "missing": 0}
    again = mer_here(capfd, "run", "--workers", 1, *options)
    assert "4 recorded, 1 to run" in again.stderr  # a failure gets another try


def test_records_say_where_a_number_comes_from(study, tmp_path, capfd):
    mer_here(
        capfd,
        "run",
        "--workers",
        1,
        *study,
        "--results",
        tmp_path,
        "--models",
        "crnn",
        "--repetitions",
        1,
    )
    (record,) = (one for one in read_records(tmp_path) if one.model == "crnn")
    assert len(record.dataset_digest) == len(record.cell) == 64
    assert record.base_seed == 2017
    environment = record.circumstances["environment"]
    assert environment["commit"]
    assert environment["torch"].startswith("2.")
    assert record.circumstances["device"] == "cpu"
    assert record.circumstances["train_seconds"] > 0
    assert record.per_song["song_id"] == ["e0", "e1", "e2"]
    assert record.per_song["n_frames"] == [7, 20, 33]
    pooled = np.sqrt(
        np.average(np.square(record.per_song["rmse_valence"]), weights=record.per_song["n_frames"])
    )
    assert pooled == pytest.approx(record.scores["rmse_valence"], abs=1e-9)


def test_real_songs_run_from_the_data_folder(real_data, tmp_path, capfd):
    options = ["--study", "tradeoff", "--features", "song_means", "--models", "constant"]
    options += ["--results", tmp_path]
    answer = mer_here(capfd, "run", *options, "--data-root", real_data, "--workers", 1, "--json")
    assert answer.returncode == 0, answer.stderr
    linear = json.loads(answer.stdout)["rows"][1]
    # measured by others on the same data, labels and split: .262 / .240 and .326 / .268
    assert linear["rmse_arousal"] == pytest.approx(0.262, abs=0.005)
    assert linear["rmse_arousal_per_song"] == pytest.approx(0.240, abs=0.005)
    assert linear["rmse_valence"] == pytest.approx(0.326, abs=0.005)
    assert linear["rmse_valence_per_song"] == pytest.approx(0.268, abs=0.005)


def test_crnn_lies_between_the_noise_floor_and_the_linear_model(tmp_path, capfd):
    answer = mer_here(
        capfd, "run", "--models", "crnn", "--set", "synthetic.size=full", "--max-epochs", 12,
        "--repetitions", 1, "--sequence-lengths", 20, "--results", tmp_path, "--json",
        "--workers", 1,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    errors = {row["model"]: row["rmse_average"] for row in json.loads(answer.stdout)["rows"]}
    floor = read_records(tmp_path)[0].references["noise floor"]["rmse_average"]
    assert floor < errors["crnn"] < 0.9 * errors["linear"] < errors["constant"]


def test_a_run_of_fewer_models_leaves_the_study_s_files_and_contrasts_whole(study, tmp_path, capfd):
    results = tmp_path / "r"
    mer_here(capfd, "run", "--workers", 1, *study, "--results", results)
    table = (results / "tables" / "mine_study.csv").read_text()
    compared = (results / "tables" / "mine_study-contrasts.csv").read_text()
    again = ["run", *study, "--models", "crnn", "--results", results, "--json"]
    answer = mer_here(capfd, *again)
    assert (results / "tables" / "mine_study.csv").read_text() == table
    assert (results / "tables" / "mine_study-contrasts.csv").read_text() == compared
    told = json.loads(answer.stdout)
    assert {row["model"] for row in told["rows"]} == {"crnn", "constant", "linear"}
    (line,) = [one for one in csv.DictReader(compared.splitlines()) if one["label"] == "crnn, L=10"
               and one["against"] == "linear"]  # fmt: skip
    (contrast,) = [one for one in told["contrasts"] if one["against"] == "linear"]
    assert contrast["p_holm"] == pytest.approx(float(line["p_holm"]))
