import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import ResultsError
from benchmark.record.places import prepare_folder, write_whole
from benchmark.record.store import (
    declared_contrasts,
    latest_by_cell,
    read_plans,
    read_predictions,
    read_records,
    record_path,
    write_plan,
    write_record,
)
from tests.made_up_records import make_record
from tests.small_models import make_cell

PREDICTIONS = {"e0": np.array([[0.25, -0.5]], dtype=np.float32)}


def test_a_record_comes_back_as_it_was_written(tmp_path):
    record = make_record()
    path = write_record(tmp_path, record, PREDICTIONS)
    assert path == record_path(tmp_path, record)
    assert read_records(tmp_path) == [record]


def test_predictions_lie_beside_the_record_and_need_no_pickle(tmp_path):
    path = write_record(tmp_path, make_record(), PREDICTIONS)
    beside = tmp_path / "predictions" / path.parent.name / f"{path.stem}.npz"
    with np.load(beside, allow_pickle=False) as stored:
        assert stored["e0"].tolist() == [[0.25, -0.5]]


def test_a_song_may_have_any_name(tmp_path):
    names = ("file", "Während Nr. 2", "it's 5 o'clock.npy")
    record = make_record()
    write_record(tmp_path, record, {name: PREDICTIONS["e0"] for name in names})
    assert {*read_predictions(tmp_path, record)} == {*names}


def test_a_record_is_readable_without_this_code(tmp_path):
    written = json.loads(write_record(tmp_path, make_record(), {}).read_text())
    assert written["schema"] == 2
    assert written["scores"]["rmse_valence"] == 0.3


def test_writing_again_replaces_the_file_and_leaves_nothing_behind(tmp_path):
    for _ in range(2):
        path = write_record(tmp_path, make_record(), PREDICTIONS)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_write_that_dies_in_the_middle_leaves_the_old_record(tmp_path, monkeypatch):
    path = write_record(tmp_path, make_record(), {})
    before = path.read_bytes()

    def die(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", die)
    with pytest.raises(ResultsError, match="No space left on device"):
        write_record(tmp_path, make_record(error="changed"), {})
    assert path.read_bytes() == before
    assert read_records(tmp_path) == [make_record()]


def test_a_record_is_written_as_the_committed_ones_are(tmp_path):
    """Readers and diffs of results rely on the order: what it is, how it ended, what came out."""
    committed = next((Path(__file__).parents[3] / "results").glob("**/records/*/crnn-L*.json"))
    path = write_record(tmp_path, make_record(), {})
    assert list(json.loads(path.read_text())) == list(json.loads(committed.read_text()))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is damaged"),
        ("[]", "Input should be an object, got a list"),
        ('{"schema": 99}', "has schema 99, this version reads 2"),
        ('{"schema": 2}', "cell: Field required"),
    ],
)
def test_a_damaged_record_is_named(tmp_path, content, message):
    path = write_record(tmp_path, make_record(), {})
    path.write_text(content)
    with pytest.raises(ResultsError, match=message) as caught:
        read_records(tmp_path)
    assert path.name in str(caught.value)


def test_nan_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_record(tmp_path, make_record(scores={"rmse_valence": float("nan")}), {})


def test_a_folder_that_cannot_be_written_is_explained(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ResultsError, match=r"cannot be written .* Give another one with --results"):
        prepare_folder(file / "results")


def test_a_folder_without_records_is_explained(tmp_path):
    with pytest.raises(ResultsError, match="No results folder"):
        read_records(tmp_path / "none")


def test_the_same_request_is_remembered_once(tmp_path):
    cells = [make_cell("crnn"), make_cell("crnn", repetition=2)]
    for _ in range(2):
        write_plan(tmp_path, "mine", cells)
    write_plan(tmp_path, "other", cells[:1])
    assert len(read_plans(tmp_path)) == 2
    (plan,) = read_plans(tmp_path, "mine")
    assert plan.groups == {cell.key: cell.group for cell in cells}


def test_records_are_found_by_cell():
    records = [make_record(repetition=1), make_record(repetition=2)]
    assert latest_by_cell(records) == {record.cell: record for record in records}


def test_declared_contrasts_are_remembered_and_plans_without_them_stay_readable(tmp_path):
    write_plan(tmp_path, "old", [make_cell("crnn")])
    assert "contrasts" not in next((tmp_path / "plans").glob("*.json")).read_text()
    assert declared_contrasts(tmp_path, "old") is None
    write_plan(tmp_path, "mine", [make_cell("crnn")], [("crnn", "linear"), ("every", "largest")])
    write_plan(tmp_path, "mine", [make_cell("blstm")], [("crnn", "linear")])
    expected = {("crnn", "linear"), ("every", "largest")}
    assert set(declared_contrasts(tmp_path, "mine")) == expected


def test_a_contrast_once_declared_stays_declared(tmp_path):
    for pair in (("crnn", "linear"), ("crnn", "blstm"), ("crnn", "blstm")):
        write_plan(tmp_path, "mine", [make_cell("crnn")], [pair])
    assert set(declared_contrasts(tmp_path, "mine")) == {("crnn", "linear"), ("crnn", "blstm")}
    assert len(list((tmp_path / "plans").glob("*.json"))) == 2


def test_a_file_that_cannot_be_written_leaves_nothing_half_done(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").touch()
    with pytest.raises(ResultsError, match="cannot be written"):
        write_whole(tmp_path / "taken", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
