"""A metric of a user's own, from one file, appears wherever those of this project do."""

import csv
import json

import pytest
from mlflow import MlflowClient

from benchmark.tracking.database import store_uri
from tests.benchmark.cli.cli import mer_here
from tests.conftest import USERS_FILE
from tests.pages import example

WORST = example("worst.py")
RUN = ("run", "--dataset", "tiny", "--models", "constant,linear")


@pytest.fixture
def files(tmp_path):
    (tmp_path / "mine.py").write_text(USERS_FILE)
    (tmp_path / "metric.py").write_text(WORST)
    return ["--include", tmp_path / "mine.py"], ["--include", tmp_path / "metric.py"]


def test_it_is_scored_averaged_exported_and_logged(capfd, tmp_path, files, registries):
    dataset, metric = files
    results = tmp_path / "results"
    told = mer_here(capfd, *RUN, *dataset, *metric, "--results", results)
    assert told.returncode == 0, told.stderr
    (record,) = (results / "records").glob("*/linear*.json")
    scores = json.loads(record.read_text())
    of_songs = scores["per_song"]["worst_valence"]
    assert scores["scores"]["worst_valence"] == max(of_songs)
    assert scores["scores"]["worst_valence_per_song"] == pytest.approx(
        sum(of_songs) / len(of_songs)
    )
    (table,) = (results / "tables").glob("*compare.csv")
    rows = csv.DictReader(table.read_text().splitlines())
    row = next(one for one in rows if one["model"] == "linear")
    low, high = (float(row[f"worst_valence_per_song_{end}"]) for end in ("low", "high"))
    assert low < float(row["worst_valence_per_song"]) < high
    assert "Worst" in next((results / "tables").glob("*compare.md")).read_text()
    client = MlflowClient(tracking_uri=store_uri(results))
    (experiment,) = client.search_experiments(filter_string="name LIKE '%tiny%'")
    runs = client.search_runs([experiment.experiment_id], "tags.`mer.kind` = 'cell'")
    assert all("worst_average" in run.data.metrics for run in runs)


def test_records_of_before_say_so_and_stay_readable(capfd, tmp_path, files, registries):
    dataset, metric = files
    results = tmp_path / "results"
    for models, more in (("constant", metric), ("tiny_gru", [])):
        options = (
            "--models",
            models,
            "--max-epochs",
            1,
            "--repetitions",
            1,
            "--executor",
            "inline",
        )
        ran = mer_here(
            capfd, "run", "--dataset", "tiny", *options, *dataset, *more, "--results", results
        )
        assert ran.returncode == 0, ran.stderr
    with_it = mer_here(
        capfd, "report", "--no-mlflow", "--format", "markdown", *dataset, *metric,
        "--results", results,
    )  # fmt: skip
    assert "No Worst in tiny_gru, L=10: recorded before it was scored" in with_it.stdout
    without = mer_here(capfd, "report", "--no-mlflow", "--format", "csv", "--results", results)
    assert without.returncode == 0, without.stderr
    assert "worst" not in without.stdout


def test_one_that_cannot_score_is_refused_before_anything_is_trained(capfd, tmp_path, files):
    _, (_, metric) = files
    metric.write_text(WORST.replace("return float", "raise KeyError  # "))
    refused = mer_here(capfd, "list", "metrics", "--include", metric)
    assert refused.returncode == 2
    assert "metric 'worst' cannot score two series of nine frames" in refused.stderr
