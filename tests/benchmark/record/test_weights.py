"""Weights are kept beside the record, hold everything, and refuse what does not fit."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from benchmark.errors import ConfigError, ResultsError
from benchmark.predict.predictor import find_weights, load_predictor, restored
from benchmark.record.store import read_records, record_path
from benchmark.record.weights import read_weights, weights_path
from tests.benchmark.cli.cli import mer, mer_here

RUN = ("run", "--models", "crnn", "--max-epochs", 1, "--repetitions", 2, "--executor", "inline")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return a results folder of two repetitions on synthetic songs."""
    folder = tmp_path_factory.mktemp("weights")
    done = mer(*RUN, "--results", folder)
    assert done.returncode == 0, done.stderr
    return folder


def crnn_records(results):
    return [record for record in read_records(results) if record.model == "crnn"]


def test_every_finished_cell_keeps_its_weights_and_what_they_belong_to(results):
    for record in read_records(results):
        weights = read_weights(weights_path(results, record))
        assert weights.cell.key == record.cell
        assert weights.n_features == record.n_features
    state = read_weights(weights_path(results, crnn_records(results)[0])).state
    learned = [one.size for name, one in state.items() if name.startswith("network.")]
    assert sum(learned) > 35_256  # running batch-norm statistics come on top
    assert state["scaler.mean"].shape == (260,)


def test_folds_keep_no_weights_for_there_is_no_one_model(tmp_path, capfd):
    done = mer_here(
        capfd, "run", "--models", "linear", "--set", "protocol.folds=3", "--executor", "inline",
        "--results", tmp_path,
    )  # fmt: skip
    assert done.returncode == 0
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_models_repetitions_are_found_by_its_name_and_by_records(results):
    paths = find_weights(results, "crnn", [])
    assert sorted(path.stem.split("-r")[1][0] for path in paths) == ["1", "2"]
    first = crnn_records(results)[0]
    by_record = find_weights(results, None, [record_path(results, first)])
    assert by_record == [weights_path(results, first)]


def test_ambiguous_unknown_and_absent_weights_are_told(results, tmp_path):
    with pytest.raises(ConfigError, match=r"weights of 4 models. Name one with --model: .*crnn"):
        find_weights(results, None, [])
    with pytest.raises(Exception, match=r"No model is called 'crn'. Did you mean 'crnn'"):
        find_weights(results, "crn", [])
    with pytest.raises(ResultsError, match=r"has no weights of blstm"):
        find_weights(results, "blstm", [])
    with pytest.raises(ResultsError, match=r"nothing does not exist; give a record"):
        read_weights(tmp_path / "nothing")
    with pytest.raises(ResultsError, match=r"is no record of a results folder"):
        find_weights(results, None, [results / "records" / "x" / "y.json"])


def test_a_model_of_synthetic_songs_cannot_hear(results):
    with pytest.raises(
        ConfigError, match=r"features baseline of dataset synthetic that other code"
    ):
        load_predictor(find_weights(results, "crnn", []), "cpu")


@pytest.mark.parametrize("damage", ["cut", "text", "other format", "unknown field"])
def test_a_damaged_file_of_weights_is_named(results, tmp_path, damage):
    whole = find_weights(results, "crnn", [])[0]
    path = tmp_path / "w.safetensors"
    arrays = load_file(whole)
    if damage == "cut":
        path.write_bytes(whole.read_bytes()[:5000])
    elif damage == "text":
        path.write_text("no weights")
    elif damage == "other format":
        save_file(arrays, path, {"format": "pt"})
    else:
        header = {"cell": {"colour": "red"}, "n_features": 6}
        save_file(arrays, path, {"format": "mer-benchmark 1", "model": json.dumps(header)})
    with pytest.raises(ResultsError, match=r"w.safetensors (is damaged|has format)"):
        read_weights(path)


def test_weights_are_plain_numbers(results):
    arrays = load_file(find_weights(results, "crnn", [])[0])
    assert all(one.dtype.kind in "fi" for one in arrays.values())
    assert all(np.isfinite(one).all() for one in arrays.values())


def weights_of(results, model):
    """Return a model's weights: where they lie, their arrays and their header."""
    path = find_weights(results, model, [])[0]
    with safe_open(path, "np") as file:
        return path, load_file(path), json.loads(file.metadata()["model"])


def kept(arrays, header, path):
    """Write a file of weights."""
    save_file(arrays, path, {"format": "mer-benchmark 1", "model": json.dumps(header)})
    return path


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (["n_features"], "260", "n_features: Input should be a valid integer, got '260'"),
        (["n_features"], 261, "features where 261 are expected"),
        (["cell", "model"], 7, "cell.model: Input should be a valid string"),
        (["cell", "config"], [], "cell.config: Input should be"),
        (["cell", "repetition"], 1.5, "cell.repetition"),
        (["first_seconds"], float("nan"), "first_seconds"),
        (["further"], 1, "further: Unexpected keyword"),
    ],
)
def test_a_damaged_header_is_named(results, tmp_path, keys, value, said):
    _, arrays, header = weights_of(results, "crnn")
    place = header
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(ResultsError, match=f"w.safetensors is damaged.*{said}"):
        read_weights(kept(arrays, header, tmp_path / "w.safetensors"))


def test_weights_that_are_not_finite_are_refused(results, tmp_path):
    _, arrays, header = weights_of(results, "linear")
    arrays["weights"][0, 0] = np.nan
    with pytest.raises(ResultsError, match="'weights' holds NaN or inf"):
        read_weights(kept(arrays, header, tmp_path / "w.safetensors"))


def test_weights_under_the_name_of_another_cell_are_refused(results, tmp_path):
    path, *_ = weights_of(results, "crnn")
    other = tmp_path / "crnn-L60-r9-0123456789ab.safetensors"
    other.write_bytes(path.read_bytes())
    with pytest.raises(ResultsError, match="not of the one in its name"):
        read_weights(other)
    own_name = tmp_path / "best.safetensors"
    own_name.write_bytes(path.read_bytes())
    assert read_weights(own_name).cell.model == "crnn"


@pytest.mark.parametrize("model", ["crnn", "linear", "context", "constant"])
def test_arrays_of_another_shape_do_not_fit_the_model(results, tmp_path, model):
    _, arrays, header = weights_of(results, model)
    names = [
        one for one in arrays if "num_batches_tracked" not in one and one[:12] != "learned_from"
    ]
    for damaged in names[:: max(1, len(names) // 4)]:
        without = {name: array for name, array in arrays.items() if name != damaged}
        for other in (without, without | {damaged: np.ones((3, 5, 7), np.float32)}):
            path = kept(other, header, tmp_path / "w.safetensors")
            with pytest.raises(ResultsError, match=f"w.safetensors does not fit model {model}"):
                restored(read_weights(path), path, "cpu")
