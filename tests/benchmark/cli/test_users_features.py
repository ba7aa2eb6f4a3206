"""A feature set of a user's own, from one file: extracted, trained on, predicted with."""

import numpy as np
import pandas as pd
import pytest

from benchmark.record.store import read_records
from tests.benchmark.cli.cli import mer_here
from tests.pages import example
from tests.sounds import write_tone

QUICK = ("--max-epochs", 1, "--repetitions", 1, "--executor", "inline")


@pytest.fixture
def songs(tmp_path):
    """Write six rated tones and the feature set of docs/extending.md."""
    (tmp_path / "loudness.py").write_text(example("loudness.py"))
    for index in range(6):
        write_tone(tmp_path / "data" / f"s{index}.wav", seconds=3, hertz=200 * (index + 1))
    rows = [
        {"song": f"s{index}.wav", "time": time, "valence": index / 10, "arousal": -time / 10}
        for index in range(6)
        for time in np.arange(0, 3, 0.5)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "data" / "annotations.csv", index=False)
    return tmp_path / "data"


def mer(capfd, songs, *words):
    """Call the command line with the user's file and songs."""
    return mer_here(capfd, *words, "--include", songs.parent / "loudness.py", "--data-root", songs)


def extract(capfd, songs, *options):
    return mer(
        capfd, songs, "data", "extract", "--dataset", "folder", "--features", "loudness", *options
    )


def test_it_is_extracted_trained_on_and_predicted_with(capfd, songs, tmp_path, registries):
    made = extract(capfd, songs, "--workers", 2)
    assert made.returncode == 0, made.stderr
    assert "6 extracted, 0 kept" in made.stdout
    trained = mer(
        capfd, songs, "run", "--dataset", "folder", "--features", "loudness", "--models", "linear",
        "--results", tmp_path / "r", *QUICK,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert {record.n_features for record in read_records(tmp_path / "r")} == {2}
    predicted = mer_here(
        capfd, "predict", songs / "s0.wav", "--model", "linear", "--results", tmp_path / "r",
        "--out", tmp_path / "out", "--include", songs.parent / "loudness.py",
    )  # fmt: skip
    assert predicted.returncode == 0, predicted.stderr
    assert len(pd.read_csv(tmp_path / "out" / "s0.csv")) == 6


def test_a_changed_file_makes_other_features(capfd, songs, registries):
    assert extract(capfd, songs, "--workers", 1).returncode == 0
    file = songs.parent / "loudness.py"
    file.write_text(file.read_text().replace("1e-8", "1e-6"))
    again = extract(capfd, songs, "--workers", 1)
    assert "6 extracted, 0 kept" in again.stdout


def test_one_that_fails_names_itself_for_every_recording(capfd, songs, registries):
    file = songs.parent / "loudness.py"
    file.write_text(file.read_text().replace("    rows = []", "    raise KeyError('mine')"))
    answer = extract(capfd, songs, "--workers", 1)
    assert answer.returncode == 1
    assert "0 extracted, 0 kept, 6 damaged" in answer.stdout
    assert "Feature set 'loudness' failed on a recording: KeyError: 'mine'" in answer.stderr
