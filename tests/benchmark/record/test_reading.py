"""Files that were damaged, changed or made by a stranger: one line that names them, each time."""

import json
import os
from dataclasses import asdict, fields

import numpy as np
import pytest

from benchmark.errors import RecordFlawed, ResultsError
from benchmark.plan.cell import Cell
from benchmark.record.places import write_whole
from benchmark.record.searches import SearchRecord, TrialRow, read_searches, write_search
from benchmark.record.store import (
    find_record,
    read_plans,
    read_records,
    record_path,
    write_record,
)
from tests.made_up_records import make_record

ESCAPE = "\x1b[2J"


def kept(folder, **changes):
    """Write a record and return where it lies."""
    return write_record(folder, make_record(**changes), {})


def changed(path, *keys, value):
    """Change one value in a JSON file."""
    values = json.loads(path.read_text())
    place = values
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (["cell"], "../../../../", "cell: String should match pattern"),
        (["cell"], "a" * 64, "was changed: its settings have digest"),
        (["group"], "a" * 64, "was changed: its settings have digest"),
        (["dataset"], "../../../../OUT", "was changed"),
        (["dataset"], 7, "dataset: Input should be a valid string, got 7"),
        (["model"], None, "model: Input should be a valid string, got None"),
        (["model"], "m" * 70_000, "model: String should have at most 200 characters"),
        (["name"], "crnn-L60-r2", "calls itself 'crnn-L60-r2', and its cell is called"),
        (["repetition"], "1", "repetition: Input should be a valid integer, got '1'"),
        (["repetition"], 10**300, "repetition: "),
        (["settings"], {"dropout": 0.5}, "was changed"),
        (["config", "dropout"], float("nan"), "config.dropout"),
        (["protocol", "selection"], "best", "protocol.selection: Input should be"),
        (["protocol", "folds"], -1, "protocol.folds"),
        (["scores", "rmse_average"], "0.2", "scores.rmse_average: Input should be a valid number"),
        (["scores", "rmse_average"], float("inf"), "scores.rmse_average"),
        (["scores", "rmse_average"], None, "there is no score 'rmse_average'"),
        (["scores"], [], "scores: Input should be an object, got a list"),
        (["per_song", "song_id"], ["e0", "e0", "e2"], "names a song twice"),
        (["per_song", "song_id"], ["e0", "e1"], "has not one value for each"),
        (["per_song", "n_frames"], [7, 20, 0], "a song has no frames"),
        (["per_song", "rmse_valence"], [0.1, 0.2, -1.0], "per_song.rmse_valence.2"),
        (["per_song", "mine"], 3, "'mine' has not one value for each of 3 songs"),
        (["circumstances", "environment"], {}, "environment.commit: Field required"),
        (["circumstances", "started"], 1e300, "circumstances.started"),
        (["circumstances", "train_seconds"], [], "circumstances.train_seconds"),
        (["curves", "network", "best_epoch"], "two", "curves.network.best_epoch"),
        (["parameters", "networks"], -1, "parameters.networks"),
        (["parameters"], {}, "status is done, and there are no 'parameters'"),
        (
            ["scores", "rmse_average_per_song"],
            -4.0,
            "'rmse_average_per_song' is -4.0, and no error",
        ),
        (
            ["training_scores", "rmse_valence"],
            -0.1,
            "'rmse_valence' is -0.1, and no error is below",
        ),
        (["components"], {"a": {"mae_valence": -1.0}}, "'mae_valence' is -1.0, and no error is"),
        (["references"], {"a": {"rmse_valence": -1.0}}, "'rmse_valence' is -1.0, and no error is"),
        (["curves", "network", "training_loss", 0], -0.1, "curves.network.training_loss.0"),
        (["curves", "network", "training_loss"], [0.5], "have 1 epochs, 2 validation errors"),
        (["curves", "network", "best_epoch"], 3, "the best of epoch 3"),
        (["schema"], 1, "has schema 1, this version reads 2"),
        (["further"], 1, "further: Unexpected keyword argument"),
        (["dataset_options", "labels"], ESCAPE, r"holds the control character U\+001B"),
        (["references"], {ESCAPE: {}}, r"holds the control character U\+001B"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_damaged_record_is_named_with_what_is_wrong(tmp_path, keys, value, said):
    path = kept(tmp_path)
    changed(path, *keys, value=value)
    with pytest.raises(ResultsError, match=said) as raised:
        read_records(tmp_path)
    assert str(path) in str(raised.value)
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize("key", sorted(asdict(make_record())))
def test_a_record_without_any_one_key_is_refused_or_read(tmp_path, key):
    path = kept(tmp_path)
    values = json.loads(path.read_text())
    del values[key]
    path.write_text(json.dumps(values))
    optional = {"error", "components", "training_scores", "references", "flops",
                "uncounted_operations", "curves", "schema"}  # fmt: skip
    named = {"circumstances": "train_seconds|circumstances", "per_song": "song_id"}
    if key in optional:
        assert len(read_records(tmp_path)) == 1
    else:
        with pytest.raises(ResultsError, match=named.get(key, key.removesuffix("s"))):
            read_records(tmp_path)


def test_a_record_that_comes_back_is_the_one_that_was_written(tmp_path):
    record = make_record(error="two\nlines " + ESCAPE, status="failed", scores={}, per_song={})
    write_record(tmp_path, record, {})
    (read,) = read_records(tmp_path)
    assert read == record
    assert json.dumps(asdict(read)) == json.dumps(asdict(record))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"7", b"null"])
def test_a_file_that_holds_no_record_is_named(tmp_path, content):
    path = kept(tmp_path)
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=rf"Record {path} is damaged"):
        read_records(tmp_path)


def test_a_renamed_record_is_named_with_its_place(tmp_path):
    path = kept(tmp_path)
    other = path.with_name("mine.json")
    path.rename(other)
    with pytest.raises(ResultsError, match=f"{other} is not in its place, which is .*{path.name}"):
        read_records(tmp_path)


def test_a_renamed_folder_of_records_is_named(tmp_path):
    path = kept(tmp_path)
    path.parent.rename(path.parent.with_name("old"))
    with pytest.raises(ResultsError, match=r"old/.* is not in its place, which is tiny-six/"):
        read_records(tmp_path)


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    record = make_record(references={ESCAPE: {}})
    with pytest.raises(RecordFlawed, match=r"of this cell holds the control character U\+001B$"):
        write_record(tmp_path, record, {"e0": np.zeros((7, 2), np.float32)})
    assert not list(tmp_path.rglob("*.json"))


def test_records_of_one_dataset_must_name_the_same_songs(tmp_path):
    kept(tmp_path)
    path = kept(tmp_path, repetition=2)
    changed(path, "per_song", "song_id", value=["e0", "e1", "other"])
    with pytest.raises(ResultsError, match="name other songs, frames, families or components"):
        read_records(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_only_regular_files_are_opened(tmp_path, kind):
    record = make_record()
    path = record_path(tmp_path, record)
    path.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(ResultsError, match=f"{path} cannot be read: it is a (pipe|folder)"):
        read_records(tmp_path)


def test_a_record_of_absurd_size_is_refused(tmp_path):
    path = kept(tmp_path)
    os.truncate(path, 2**33)
    with pytest.raises(ResultsError, match="it has 8,590 MB, more than 268"):
        read_records(tmp_path)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"study": "mine", "groups": {}, "further": 1}, "further: Unexpected keyword"),
        ({"study": "mine"}, "groups: "),
        ({"study": ESCAPE, "groups": {}}, "study: String should match pattern"),
        ({"study": "../../x", "groups": {}}, "study: String should match pattern"),
        ({"study": "m" * 101, "groups": {}}, "study: String should have at most 100"),
        ({"study": "mine", "groups": {}}, "by its content it is called mine-"),
        ({"study": "yours", "groups": {}}, "by its content it is called yours-"),
        ({"study": "mine", "groups": {"../..": "a" * 64}}, "groups"),
        ({"study": "mine", "groups": {}, "contrasts": [["crnn"]]}, "contrasts.0"),
        ({"study": "mine", "groups": []}, "groups: Input should be an object"),
    ],
)
def test_a_damaged_plan_is_named(tmp_path, plan, said):
    path = tmp_path / "plans" / "mine-1.json"
    write_whole(path, json.dumps(plan).encode())
    with pytest.raises(ResultsError, match=rf"Plan {path} .*{said}"):
        read_plans(tmp_path)


def search(**changes):
    """Return a search of one trial."""
    trial = TrialRow(
        number=0, state="done", rmse=0.2, n_parameters=7, n_epochs=3, seconds=1.0, reason=None,
        is_default=True, cell="a" * 64, commit="abc", values={"crnn.dropout": 0.5},
    )  # fmt: skip
    identity = {
        "model": "crnn", "space": {"crnn.dropout": "0.5 | 0.25"}, "dataset": "tiny", "seed": 1,
        "dataset digest": "d" * 64, "features": "six", "folds": 3, "objectives": ["rmse"],
    }  # fmt: skip
    values = {"name": "mine", "identity": identity, "options": {"trials": 1}, "trials": [trial]}
    return SearchRecord(**values | changes)


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (["name"], "../../out", "calls itself '../../out'"),
        (["schema"], 9, "has schema 9"),
        (["trials", 0, "rmse"], None, "has a trial that is done and has no RMSE"),
        (["trials", 0, "rmse"], "low", "trials.0.rmse"),
        (["trials", 0, "cell"], "x", "trials.0.cell"),
        (["identity"], {}, "identity.model: Field required"),
        (["identity", "dataset digest"], "..", "identity.dataset digest"),
        (["finalists"], [{}], "finalists.0.trial: Field required"),
        (["importance"], {"crnn.dropout": float("nan")}, "importance.crnn.dropout"),
    ],
)
def test_a_damaged_search_is_named(tmp_path, keys, value, said):
    path = write_search(tmp_path, search())
    assert read_searches(tmp_path) == [search()]
    changed(path, *keys, value=value)
    with pytest.raises(ResultsError, match=rf"Search {path} .*{said}"):
        read_searches(tmp_path)


def test_a_cell_finds_no_record_where_another_lies_in_its_place(tmp_path):
    path, other = kept(tmp_path), kept(tmp_path, repetition=2)
    path.write_bytes(other.read_bytes())
    values = {one.name: getattr(make_record(), one.name) for one in fields(Cell)}
    with pytest.raises(ResultsError, match="is not in its place"):
        find_record(tmp_path, Cell(**values))
