"""Arrays that were damaged or do not fit their record: one line that names the file."""

import zipfile

import numpy as np
import pytest

from benchmark.errors import ResultsError
from benchmark.record.reading import read_arrays
from benchmark.record.store import (
    path_of,
    read_predictions,
    write_arrays,
    write_record,
)
from tests.made_up_records import make_record


@pytest.mark.parametrize(
    "ids", [("s1", "s1.npy"), ("file", "s"), ("s/1", "../s"), ("s1.npy", "s1")]
)
def test_arrays_come_back_under_their_own_names(tmp_path, ids):
    arrays = {name: np.full((2, 2), index, np.float32) for index, name in enumerate(ids)}
    write_arrays(tmp_path / "a.npz", arrays)
    read = read_arrays(tmp_path / "a.npz")
    assert list(read) == list(arrays)
    for index, name in enumerate(ids):
        assert (read[name] == index).all()


def archive(path, **members):
    """Write a zip file of these members."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("_", "/"), content)


def test_an_archive_with_a_nameless_entry_is_damaged(tmp_path):
    archive(tmp_path / "a.npz", **{".": b""})
    with pytest.raises(ResultsError, match=r"a.npz is damaged"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_damaged_compression_is_one_line(tmp_path, method):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("a.npy", bytes(range(256)) * 40)
    content = bytearray(path.read_bytes())
    for place in range(45, min(200, len(content) - 60)):
        content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=r"a.npz is damaged"):
        read_arrays(path)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([[np.nan, 0.0]], np.float32), "'e0' holds NaN or inf"),
        (np.array([["a", "b"]]), "'e0' holds <U1, no numbers"),
        (np.zeros((3, 2), np.float32), r"has shape \(3, 2\), its record says \(7, 2\)"),
    ],
)
def test_predictions_are_held_against_their_record(tmp_path, array, said):
    record = make_record()
    write_record(tmp_path, record, {"e0": np.zeros((7, 2), np.float32)})
    assert read_predictions(tmp_path, record)["e0"].shape == (7, 2)
    write_arrays(path_of(tmp_path, "predictions", record, ".npz"), {"e0": array})
    with pytest.raises(ResultsError, match=said):
        read_predictions(tmp_path, record)
