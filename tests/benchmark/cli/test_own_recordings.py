"""A user's own recordings, from a folder and a table to a prediction, as docs/own-data.md says."""

import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest

from benchmark.record.store import read_records
from benchmark.tracking.database import open_client
from tests.benchmark.cli.cli import ROOT, mer_here, mer_once
from tests.sounds import write_tone

PAGE = (ROOT / "docs" / "own-data.md").read_text()
SECONDS, N_SONGS = 6, 10
QUICK = ("--max-epochs", 2, "--repetitions", 1, "--executor", "inline")


def typed():
    """Return the lines of the page's first block of commands, without comments."""
    block = re.search(r"```sh\n(.*?)```", PAGE, re.S).group(1)
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def rows(step):
    """Return ten songs' ratings on [-1, 1], one every `step` seconds."""
    return [
        {"song": f"song {index}.wav", "time": time, "valence": index / 10, "arousal": -time / 10}
        for index in range(N_SONGS)
        for time in np.arange(0, SECONDS, step)
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home folder with `mysongs`: ten rated tones and one that is not."""
    home = tmp_path_factory.mktemp("home")
    for index in range(N_SONGS):
        write_tone(home / "mysongs" / f"song {index}.wav", SECONDS, hertz=200 * (index + 1))
    write_tone(home / "mysongs" / "new.mp3", seconds=7)
    pd.DataFrame(rows(0.5)).to_csv(home / "mysongs" / "annotations.csv", index=False)
    return home


@pytest.fixture(scope="module")
def answers(home):
    """Type the page's commands; `run` trains for two epochs only."""
    answers = {}
    for line in typed():
        words = [word.replace("~", str(home)) for word in shlex.split(line)]
        if words[:3] == ["python", "-m", "benchmark"]:
            command = words[3:]
            quick = QUICK if "run" in command else ()
            answer = mer_once(*command, *quick, cwd=home, MER_DATA=str(home / "mysongs"))
            assert answer.returncode == 0, answer.stderr
            answers[" ".join(command[:2])] = answer
    return answers


def test_at_most_ten_lines_lead_from_nothing_to_a_prediction():
    lines_before = 2  # making the folder, copying the recordings; the table is written, not typed
    assert lines_before + len(typed()) <= 10
    commands = [line.split()[3] for line in typed() if line.startswith("python -m benchmark")]
    assert commands == ["data", "data", "run", "predict"]


def test_the_pages_commands_predict_an_eleventh_recording(answers, home):
    assert "0 wrong; looked at annotations.csv, recordings" in answers["data verify"].stdout
    assert "songs: 10 extracted, 0 kept, 0 damaged" in answers["data extract"].stdout
    table = pd.read_csv(home / "predictions" / "new.csv")
    assert len(table) == 7 / 0.5
    assert table["seconds"].tolist() == [0.5 * frame for frame in range(14)]
    assert table[["valence", "arousal"]].notna().all(axis=None)
    assert (home / "predictions" / "new.png").is_file()


def test_a_run_says_first_what_the_dataset_has_to_say(answers):
    study, sides, without, _ = answers["run --models"].stderr.splitlines()[:4]
    assert study == "study compare on dataset folder"
    assert re.match(r"Evaluation songs, as annotations.csv has no .*: 2 of 10 songs \(song", sides)
    assert without == "Without annotations: 1 of 11 recordings (new)."


def test_records_hold_the_options(answers, home):
    (record,) = (r for r in read_records(home / "results/mysongs") if r.model == "crnn")
    assert (record.dataset, record.features, record.n_features) == ("folder", "logmel", 64)
    assert record.n_songs == {"development": 8, "evaluation": 2}
    assert record.dataset_options == {
        "annotations": "annotations.csv",
        "scale": [-1.0, 1.0],
        "evaluation_fraction": 0.2,
        "resample": False,
    }


def test_ratings_at_other_times_are_refused_or_averaged(answers, home, tmp_path, capfd):
    pd.DataFrame(rows(0.25)).to_csv(home / "mysongs" / "quarters.csv", index=False)
    command = (
        "run", "--models", "crnn", "--dataset", "folder", *QUICK, "--data-root", home / "mysongs",
        "--set", "folder.annotations=quarters.csv", "--results", tmp_path,
    )  # fmt: skip
    refused = mer_here(capfd, *command)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "times of song song 0 are 0.25 s apart, expected 0.5 s. Give --resample" in line
    answer = mer_here(capfd, *command, "--resample", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["dataset"] == "folder"  # nothing else on stdout
    assert "Half seconds: 120 with averaged ratings, 0 interpolated" in answer.stderr
    assert all(record.dataset_options["resample"] for record in read_records(tmp_path))
    names = [experiment.name for experiment in open_client(tmp_path).search_experiments()]
    assert "folder-quarters.csv-resample=True-logmel" in names


def test_a_dry_run_prints_the_notes_and_json_alone(answers, home, tmp_path, capfd):
    command = ("run", "--models", "crnn", "--dataset", "folder", "--dry-run", "--data-root",
               home / "mysongs", "--results", tmp_path / "none")  # fmt: skip
    assert "Without annotations: 1 of 11" in mer_here(capfd, *command).stdout
    assert json.loads(mer_here(capfd, *command, "--json").stdout)["cells"]


def test_a_search_says_it_too_and_ends(answers, home, tmp_path, capfd):
    command = (
        "search", "--model", "crnn", "--dataset", "folder", "--data-root", home / "mysongs",
        "--trials", 1, "--finalists", 0, "--folds", 2, "--max-epochs", 1, "--resample",
        "--set", "folder.scale=-2,2", "--results", tmp_path, "--json",
    )  # fmt: skip
    answer = mer_here(capfd, *command)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["trials"]["done"] == 1
    lines = answer.stderr.splitlines()
    assert "Without annotations: 1 of 11 recordings (new)." in lines[:4]
    names = [experiment.name for experiment in open_client(tmp_path).search_experiments()]
    assert "search-crnn-paper-folder-logmel" in names


def test_nothing_of_ones_own_can_be_downloaded_or_imported(home, capfd):
    options = ("--dataset", "folder", "--data-root", home / "mysongs")
    for command in (("download",), ("import", home)):
        answer = mer_here(capfd, "data", *command, *options)
        assert answer.returncode == 2
        assert "Put your recordings and annotations.csv into a folder" in answer.stderr


def test_three_songs_train_the_floor_rows_and_a_network(answers, home, tmp_path, capfd):
    few = [row for row in rows(0.5) if row["song"] in ("song 0.wav", "song 1.wav", "song 2.wav")]
    pd.DataFrame(few).to_csv(home / "mysongs" / "few.csv", index=False)
    command = (
        "run", "--dataset", "folder", *QUICK, "--data-root", home / "mysongs",
        "--set", "folder.annotations=few.csv", "--results", tmp_path,
    )  # fmt: skip
    answer = mer_here(capfd, *command, "--models", "crnn")
    assert answer.returncode == 0, answer.stderr
    refused = mer_here(capfd, *command, "--models", "blstm_ensemble")
    assert refused.returncode == 2
    assert "2 songs or families make fewer folds. Give more songs, or leave" in refused.stderr
