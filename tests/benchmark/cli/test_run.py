"""The main job: run, again, with a user's own model and data."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark.record.store import read_records
from tests.benchmark.cli.cli import mer_here, mer_once
from tests.benchmark.cli.runs import N_CELLS, STUDY, outcomes
from tests.conftest import USERS_FILE

FLOORS = ("constant", "linear", "context")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the results folder of the small study, and what its run printed as JSON."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "mine.py").write_text(USERS_FILE)
    (folder / "mine_study.yaml").write_text(STUDY)
    done = mer_once(
        "run", "--study", folder / "mine_study.yaml", "--include", folder / "mine.py",
        "--executor", "inline", "--results", folder / "r", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "r", done.stdout


@pytest.fixture
def results(finished, tmp_path):
    """Return a copy of the finished folder."""
    return Path(shutil.copytree(finished[0], tmp_path / "r"))


def test_the_main_job_on_embedded_songs(tmp_path, capfd):
    options = ("--study", "smoke", "--models", "crnn", "--repetitions", 1)
    answer = mer_here(capfd, "run", *options, "--results", tmp_path)
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


def test_the_same_command_twice_trains_nothing_and_prints_the_same_table(finished, study, capfd):
    results, printed = finished
    stamps = {path: path.stat().st_mtime_ns for path in results.glob("records/*/*")}
    second = mer_here(capfd, "run", "--executor", "inline", *study, "--results", results, "--json")
    assert f"{N_CELLS} recorded, 0 to run" in second.stderr
    assert second.stdout == printed
    assert stamps == {path: path.stat().st_mtime_ns for path in results.glob("records/*/*")}
    rows = json.loads(second.stdout)["rows"]
    assert {row["model"]: row["n_cells"] for row in rows} == {
        "crnn": 3, "tiny_gru": 3, "constant": 1, "linear": 1, "context": 1,
    }  # fmt: skip


def test_without_a_study_models_are_trained_in_full(capfd):
    answer = mer_here(capfd, "run", "--models", "crnn", "--dry-run")
    title, counts, *cells = answer.stdout.splitlines()
    assert title.startswith("study compare on dataset synthetic")
    assert counts.startswith("8 cells, ")  # three floor rows, five repetitions
    assert not any("max_epochs" in line for line in cells)


def test_songs_without_an_evaluation_side_are_evaluated_in_folds(users_file, tmp_path, capfd):
    alone = users_file.read_text().replace('tuple(songs("e", [7, 20, 33], 2))', "()")
    users_file.write_text(alone.replace('"tiny": ', '"alone": '))  # splits are cached by name
    options = ["--include", users_file, "--dataset", "alone", "--models", "tiny_gru"]
    options += [
        "--executor",
        "inline",
        "--repetitions",
        1,
        "--max-epochs",
        1,
        "--results",
        tmp_path / "r",
    ]
    refused = mer_here(capfd, "run", *options)
    assert refused.returncode == 2
    assert "error: The dataset has no evaluation songs. Evaluate every song" in refused.stderr
    folds = ["--set", "protocol.folds=3", "--set", "protocol.fold_over=all"]
    answer = mer_here(capfd, "run", *options, *folds)
    assert answer.returncode == 0, answer.stderr
    for record in read_records(tmp_path / "r"):
        assert record.per_song["song_id"] == [f"d{index}" for index in range(24)]
    page = mer_here(capfd, "report", "--results", tmp_path / "r", "--format", "html")
    assert page.returncode == 0, page.stderr


def test_the_number_of_workers_changes_no_number(finished, study, tmp_path, capfd):
    shared = mer_here(capfd, "run", *study, "--results", tmp_path / "r", "--workers", 2)
    assert shared.returncode == 0, shared.stderr
    assert outcomes(tmp_path / "r") == outcomes(finished[0])


def test_one_more_repetition_trains_only_what_is_missing(study, results, capfd):
    more = ("--results", results, "--repetitions", 4)
    answer = mer_here(capfd, "run", "--executor", "inline", *study, *more)
    assert f"{N_CELLS} recorded, 2 to run" in answer.stderr


def test_fresh_trains_again(study, tmp_path, capfd):
    options = [*study, "--results", tmp_path / "r", "--models", "tiny_gru", "--repetitions", 1]
    mer_here(capfd, "run", "--executor", "inline", *options)
    before = outcomes(tmp_path / "r")
    answer = mer_here(capfd, "run", "--executor", "inline", *options, "--fresh")
    assert "0 recorded, 4 to run" in answer.stderr
    assert outcomes(tmp_path / "r") == before


def test_a_dry_run_prints_the_bill_and_writes_nothing(study, tmp_path, capfd):
    answer = mer_here(
        capfd, "run", "--executor", "inline", *study, "--results", tmp_path / "r", "--dry-run"
    )
    assert answer.returncode == 0, answer.stderr
    _, first, *lines = answer.stdout.splitlines()
    assert f"{N_CELLS} cells, 0 recorded, {N_CELLS} to run; device cpu" in first
    assert len(lines) == N_CELLS
    assert all("at most" in line for line in lines)
    assert not (tmp_path / "r").exists()
    bill = json.loads(
        mer_here(capfd, "run", "--executor", "inline", *study, "--dry-run", "--json").stdout
    )
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
    answer = mer_here(capfd, "run", "--executor", "inline", *options)
    assert answer.returncode == 1
    assert "failed: broken-L10-r1: RuntimeError: out of paper" in answer.stderr
    assert "diverged: exploding-L10-r1: loss nan" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "broken: 0 of 1 cells done" in answer.stdout
    line = BROKEN.splitlines().index('            raise RuntimeError("out of paper")') + 1
    failed = f"failed: broken-L10-r1: RuntimeError: out of paper in {tmp_path}/broken.py:{line}"
    (record,) = (tmp_path / "r").glob("records/*/broken-*.json")
    why = f"{failed}\n  its traceback: {record}\n"
    assert why in answer.stderr
    assert why in mer_here(capfd, "status", "--results", tmp_path / "r").stderr
    status = mer_here(capfd, "status", "--results", tmp_path / "r", "--json")
    assert status.returncode == 1
    assert json.loads(status.stdout) == {"done": 4, "diverged": 1, "failed": 1, "missing": 0}
    again = mer_here(capfd, "run", "--executor", "inline", *options)
    assert "5 recorded, 1 to run" in again.stderr  # a failure gets another try


def test_records_say_where_a_number_comes_from(finished):
    record = next(one for one in read_records(finished[0]) if one.model == "crnn")
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
    answer = mer_here(
        capfd, "run", *options, "--data-root", real_data, "--executor", "inline", "--json"
    )
    assert answer.returncode == 0, answer.stderr
    linear = json.loads(answer.stdout)["rows"][1]
    # measured by others on the same data, labels and split: .262 / .240 and .326 / .268
    assert linear["rmse_arousal"] == pytest.approx(0.262, abs=0.005)
    assert linear["rmse_arousal_per_song"] == pytest.approx(0.240, abs=0.005)
    assert linear["rmse_valence"] == pytest.approx(0.326, abs=0.005)
    assert linear["rmse_valence_per_song"] == pytest.approx(0.268, abs=0.005)


def test_crnn_lies_between_the_noise_floor_and_the_linear_model(tmp_path, capfd):
    answer = mer_here(
        capfd, "run", "--models", "crnn", "--set", "synthetic.size=full", "--max-epochs", 4,
        "--repetitions", 1, "--sequence-lengths", 20, "--results", tmp_path, "--json",
        "--executor", "inline",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    errors = {row["model"]: row["rmse_average"] for row in json.loads(answer.stdout)["rows"]}
    floor = read_records(tmp_path)[0].references["noise floor"]["rmse_average"]
    assert floor < errors["crnn"] < 0.9 * errors["linear"] < errors["constant"]


def test_a_run_of_fewer_models_leaves_the_study_s_files_and_contrasts_whole(study, results, capfd):
    table = (results / "tables" / "mine_study.csv").read_text()
    compared = (results / "tables" / "mine_study-contrasts.csv").read_text()
    again = ["run", *study, "--models", "crnn", "--results", results, "--json"]
    answer = mer_here(capfd, *again)
    assert (results / "tables" / "mine_study.csv").read_text() == table
    assert (results / "tables" / "mine_study-contrasts.csv").read_text() == compared
    told = json.loads(answer.stdout)
    assert {row["model"] for row in told["rows"]} == {"crnn", *FLOORS}
    (line,) = [one for one in csv.DictReader(compared.splitlines()) if one["label"] == "crnn, L=10"
               and one["against"] == "linear"]  # fmt: skip
    (contrast,) = [one for one in told["contrasts"] if one["against"] == "linear"]
    assert contrast["p_holm"] == pytest.approx(float(line["p_holm"]))
