"""`predict` on a user's own tones: from weights to numbers, and what it refuses or warns of."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from benchmark.errors import ResultsError
from benchmark.predict.predictor import find_weights, restored
from benchmark.record.store import read_predictions, read_records
from benchmark.record.weights import read_weights
from datasets.features.cache import extract_file, made_by
from datasets.features.logmel import extractor
from tests.benchmark.cli.cli import mer_here, mer_once
from tests.benchmark.cli.tones import swelling, train, write_tones
from tests.conftest import make_song
from tests.sounds import RATE, write_tone
from tests.vgmidi_folder import write_midi


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """Write eight tones and return their folder."""
    return write_tones(tmp_path_factory.mktemp("tones"))


@pytest.fixture(scope="module")
def results(tones, tmp_path_factory):
    """Return a results folder of the CRNN and the floor rows on the tones."""
    return train(tones, tmp_path_factory.mktemp("trained"), "crnn,context")


def predict(capfd, results, out, *audio, model="context", **options):
    """Run `predict` on recordings."""
    flags = [f"--{name}" for name, is_on in options.items() if is_on]
    return mer_here(
        capfd, "predict", *audio, "--model", model, "--results", results, "--out", out, *flags
    )


def test_records_and_weights_say_what_made_the_features(results):
    made = f"{made_by(extractor())} by {extractor().made_by()}"
    for record in read_records(results):
        assert record.circumstances["features_made_by"] == made
    weights = read_weights(find_weights(results, "crnn", [])[0])
    assert weights.features_made_by == made
    assert weights.learned.low.shape == (64,)
    assert weights.learned.first_seconds == 0


def test_the_range_kept_is_that_of_the_development_songs(results, tones):
    learned = read_weights(find_weights(results, "context", [])[0]).learned
    frames = np.concatenate([extract_file(tones / f"{k}.wav", extractor()) for k in range(6)])
    np.testing.assert_array_equal(learned.low, frames.min(axis=0))
    np.testing.assert_array_equal(learned.high, frames.max(axis=0))


def test_context_is_kept_and_predicts_the_same_numbers_again(results, tones):
    (record,) = [one for one in read_records(results) if one.model == "context"]
    (path,) = find_weights(results, "context", [])
    model = restored(read_weights(path), path, "cpu")
    rows = extract_file(tones / "6.wav", extractor())
    song = replace(make_song("6", 16, n_features=64), features=rows)
    np.testing.assert_array_equal(model.predict([song])[0], read_predictions(results, record)["6"])


def test_context_predicts_a_recording_from_its_frames_and_their_running_means(
    results, tones, tmp_path, capfd
):
    done = predict(capfd, results, tmp_path, tones / "7.wav")
    assert done.returncode == 0, done.stderr
    state = load_file(find_weights(results, "context", [])[0])
    rows = extract_file(tones / "7.wav", extractor()).astype(float)
    ages = np.arange(len(rows))[:, None] - np.arange(len(rows))  # of every frame at every other
    weights = [np.where(ages >= 0, np.exp(-0.5 * ages / tau), 0) for tau in (5, 20)]
    means = [weight / weight.sum(axis=1, keepdims=True) @ rows for weight in weights]
    columns = np.concatenate([rows, *means], axis=1)
    expected = columns @ state["weights"] + state["intercept"]
    table = pd.read_csv(tmp_path / "7.csv")
    assert table[["valence", "arousal"]].to_numpy() == pytest.approx(expected, abs=1e-5)


def test_a_recording_like_those_learned_from_is_predicted_without_a_word(
    results, tones, tmp_path, capfd
):
    for model in ("context", "crnn"):
        done = predict(capfd, results, tmp_path, tones / "0.wav", model=model)
        assert (done.returncode, done.stderr) == (0, "")


def write_noise(path):
    """Write 5 s of loud noise, which no tone resembles: most bands lie far above theirs."""
    rng = np.random.default_rng(1)
    soundfile.write(path, rng.uniform(-1, 1, 5 * RATE), RATE)
    return path


def test_a_recording_unlike_those_learned_from_is_warned_of_with_its_worst_column(
    results, tmp_path, capfd
):
    noise = write_noise(tmp_path / "noise.wav")
    learned = read_weights(find_weights(results, "context", [])[0]).learned
    above = (extract_file(noise, extractor()) - learned.high) / (learned.high - learned.low)
    frame, band = np.unravel_index(above.argmax(), above.shape)
    done = predict(capfd, results, tmp_path, noise)
    assert done.returncode == 0
    assert done.stderr == (
        "warning: noise.wav: 10 of 10 frames have a feature far outside what context learned from;"
        f" worst: mean of band {band + 1} at second {frame / 2:g},"
        f" {above.max():.3g} times the learned range above it.\n"
    )


def test_in_json_the_warning_is_a_field(results, tones, tmp_path, capfd):
    noise = write_noise(tmp_path / "noise.wav")
    done = predict(capfd, results, tmp_path, noise, tones / "0.wav", json=True)
    assert (done.returncode, done.stderr) == (0, "")
    loud, like = json.loads(done.stdout)
    assert (loud["frames_outside"], loud["frames_compared"]) == (10, 10)
    assert [line.split(":")[0] for line in loud["warnings"]] == ["noise.wav"]
    assert (like["frames_outside"], like["frames_compared"], like["warnings"]) == (0, 16, [])


def test_a_start_nothing_was_learned_from_is_warned_of_once_and_not_counted(tones, tmp_path, capfd):
    results = train(tones, tmp_path, "context", first=4)  # the quiet half of every tone is left out
    for name in ("a", "b"):
        silent_start = np.concatenate([np.zeros(4 * RATE, np.float32), swelling(220)[4 * RATE :]])
        soundfile.write(tmp_path / f"{name}.wav", silent_start, RATE)
    done = predict(capfd, results, tmp_path, tmp_path / "a.wav", tmp_path / "b.wav", json=True)
    a, b = json.loads(done.stdout)
    assert a["frames_compared"] == b["frames_compared"] == 8
    sentence = "context learned from no frame before second 4, and features there lie outside"
    assert a["warnings"][0].startswith(sentence)
    assert b["warnings"][0] == a["warnings"][0]
    done = predict(capfd, results, tmp_path, tmp_path / "a.wav", tmp_path / "b.wav")
    assert done.stderr.count(sentence) == 1


def test_a_model_of_a_file_that_was_not_given_is_said_to_lack_it(results, tones, tmp_path, capfd):
    (path,) = find_weights(results, "context", [])
    with safe_open(path, "np") as file:
        cell = json.loads(file.metadata()["model"])["cell"]
    other = rewritten(path, tmp_path / "w.safetensors", cell=cell | {"model": "hers"})
    done = mer_here(capfd, "predict", tones / "0.wav", "--record", other, "--out", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {other} holds weights of model 'hers', which is not one of this suite. Give the"
        " file that defines it: --include FILE.py\n"
    )


@pytest.fixture
def both(results, tmp_path):
    """Return a folder that holds the floor rows of made-up songs, too."""
    both = tmp_path / "both"
    shutil.copytree(results, both)
    options = (
        "--models",
        "constant",
        "--results",
        both,
        "--executor",
        "inline",
        "--repetitions",
        1,
    )
    assert mer_once("run", *options).returncode == 0
    return both


def test_weights_that_cannot_predict_a_recording_are_not_offered(both, tones, tmp_path, capfd):
    done = predict(capfd, both, tmp_path, tones / "0.wav")
    assert done.returncode == 0, done.stderr
    done = predict(capfd, both, tmp_path, tones / "0.wav", model="linear")
    assert done.returncode == 0, done.stderr


def test_weights_of_two_kinds_are_told_apart_with_their_datasets(both, tones, tmp_path, capfd):
    shutil.copytree(train(tones, tmp_path, "constant", first=1), both, dirs_exist_ok=True)
    done = predict(capfd, both, tmp_path, tones / "0.wav")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"error: {both} has weights of 2 kinds of cells. Name all repetitions of one as --record"
    )
    for kind in ("context on dataset tones (logmel) as ", "context on dataset tones1 (logmel) as "):
        assert kind in done.stderr


def test_one_recording_that_is_missing_stops_no_other(results, tones, tmp_path, capfd):
    done = predict(capfd, results, tmp_path, tones / "0.wav", tmp_path / "none.wav")
    assert done.returncode == 2
    assert "none.wav does not exist" in done.stderr
    assert (tmp_path / "0.csv").is_file()


def rewritten(path, to, **changes):
    """Copy a file of weights with other words in its header; None leaves them out."""
    with safe_open(path, "np") as file:
        header = json.loads(file.metadata()["model"])
    header = {key: value for key, value in (header | changes).items() if value is not None}
    metadata = {"format": "mer-benchmark 1", "model": json.dumps(header)}
    save_file(load_file(path), to, metadata)
    return to


HERE = made_by(extractor())


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (None, "their origin was not recorded. Train again with `python -m benchmark run --fresh`"),
        ("", f"features logmel of dataset tones that other code made; a recording's .* {HERE}"),
        ("logmel-0a0a0a0a by librosa 0.1", f"that logmel-0a0a0a0a by librosa 0.1 made; .*{HERE}"),
        (HERE.replace("logmel", "mine"), "other settings or another version"),
    ],
)
def test_features_that_a_recording_would_not_have_are_refused_in_one_line(
    results, tones, tmp_path, capfd, made, message
):
    (path,) = find_weights(results, "context", [])
    other = rewritten(path, tmp_path / "w.safetensors", features_made_by=made)
    done = mer_here(capfd, "predict", tones / "0.wav", "--record", other, "--out", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert pd.Series([done.stderr]).str.contains(message).all(), done.stderr


def test_another_version_of_the_library_is_a_warning(results, tones, tmp_path, capfd):
    (path,) = find_weights(results, "context", [])
    changed = f"{HERE} by librosa 0.1, FluidSynth 2"
    other = rewritten(path, tmp_path / "w.safetensors", features_made_by=changed)
    files = [tones / "0.wav", tones / "1.wav"]
    done = mer_here(capfd, "predict", *files, "--record", other, "--out", tmp_path)
    assert done.returncode == 0
    assert done.stderr == (
        "warning: context was trained on features made by librosa 0.1, FluidSynth 2, here"
        f" {extractor().made_by()} makes them: numbers may differ.\n"
    )


def test_a_range_that_is_none_is_named(results, tmp_path):
    (path,) = find_weights(results, "context", [])
    for width, message in ((6, "64"), (64, "form no range")):
        arrays = load_file(path) | {
            "learned_from.low": np.ones(width, np.float32),
            "learned_from.high": np.zeros(width, np.float32) + (width == 6),
        }
        with safe_open(path, "np") as file:
            save_file(arrays, tmp_path / "damaged", file.metadata())
        with pytest.raises(ResultsError, match=rf"damaged is damaged .*{message}"):
            read_weights(tmp_path / "damaged")


def test_a_midi_file_is_rendered_and_predicted(results, tmp_path, capfd, fluidsynth):
    scale = write_midi(tmp_path / "scale.mid", [0.5 * note for note in range(8)])
    done = predict(capfd, results, tmp_path, scale)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "scale.csv")
    assert len(table) >= 8  # a note every half second, and the end of the last
    assert np.isfinite(table.to_numpy()).all()
    assert (tmp_path / "scale.png").is_file()


def test_a_broken_midi_file_stops_no_other_recording(results, tones, tmp_path, capfd, fluidsynth):
    (tmp_path / "no.mid").write_text("no music")
    done = predict(capfd, results, tmp_path, tmp_path / "no.mid", tones / "0.wav")
    assert done.returncode == 2
    assert "no.mid is no MIDI file that can be read" in done.stderr
    assert done.stdout.startswith("0.wav: 8.0 s")


def test_a_short_recording_is_compared_as_a_whole(results, tmp_path, capfd):
    clip = write_tone(tmp_path / "short.wav", 0.5)
    done = predict(capfd, results, tmp_path, clip, json=True)
    assert json.loads(done.stdout)[0]["frames_compared"] == 1
