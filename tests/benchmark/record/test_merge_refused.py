"""A merge believes nothing, writes nothing half, and completes what a kill cut short."""

import os
import shutil
from dataclasses import replace

import pytest

from benchmark.errors import MerError, ResultsError
from benchmark.record import merge_plan
from benchmark.record.store import read_predictions, read_records, record_path, write_record
from benchmark.record.weights import weights_path
from tests.made_up_folders import contents, fill, merged, record_of, scored


def test_records_of_the_same_songs_that_name_others_are_refused(tmp_path, here):
    record = record_of(3)
    songs = record.per_song | {"song_id": ["x", "y", "z"]}
    strange = tmp_path / "strange"
    path = write_record(strange, replace(record, per_song=songs), {})
    with pytest.raises(ResultsError, match="name other songs") as caught:
        merged(here, strange, into=tmp_path / "both")
    assert str(path) in str(caught.value)
    assert not (tmp_path / "both").exists()


pytestmark = pytest.mark.usefixtures("quick_disk")


def torn(path):
    path.write_bytes(path.read_bytes()[:-20])


def renamed(path):
    path.rename(path.with_name(f"x{path.name}"))


def newer(path):
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 3'))


def piped(path):
    path.unlink()
    os.mkfifo(path)


def linked_out(path):
    path.unlink()
    path.symlink_to("/etc/hostname")


def foreign(path):
    (path.parent / "notes.json").write_text("{}")


@pytest.mark.parametrize(
    ("pattern", "harm", "message"),
    [
        ("records/*/*.json", torn, "is damaged"),
        ("records/*/*.json", renamed, "is not in its place"),
        ("records/*/*.json", newer, "has schema 3, this version reads 2"),
        ("records/*/*.json", piped, "it is a pipe or device"),
        ("records/*/*.json", linked_out, "is a link out of results folder"),
        ("records/*/*.json", foreign, "notes.json is damaged"),
        ("predictions/*/*.npz", torn, "is damaged"),
        ("predictions/*/*.npz", linked_out, "is a link out of results folder"),
        ("weights/*/*.safetensors", torn, "is damaged"),
        ("annotations/*.npz", torn, "is damaged"),
        ("plans/*.json", torn, "is damaged"),
        ("plans/*.json", renamed, "asks for other cells than its name says"),
        ("searches/*.json", torn, "is damaged"),
        ("searches/*.json", renamed, "calls itself 's'"),
        ("studies/*.yaml", linked_out, "is a link out of results folder"),
        ("studies/*.yaml", lambda path: path.write_text("a: ["), "is not YAML"),
    ],
)
def test_a_file_that_cannot_be_believed_is_named_and_nothing_is_written(
    tmp_path, here, there, pattern, harm, message
):
    harm(next(here.glob(pattern)))
    with pytest.raises(MerError, match=message):
        merged(there, here, into=tmp_path / "both")
    assert not (tmp_path / "both").exists()


def test_nothing_is_written_through_a_link_of_the_target(tmp_path, here):
    (tmp_path / "both").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "both" / "weights").symlink_to(tmp_path / "outside")
    with pytest.raises(ResultsError, match="is a link out of results folder"):
        merged(here, into=tmp_path / "both")
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize("given", ["none", "empty"])
def test_a_folder_without_results_is_refused(tmp_path, here, given):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResultsError, match="is no results folder"):
        merged(here, tmp_path / given, into=tmp_path / "both")


class Killed(BaseException):
    """Ends a merge as a kill would: nothing is tidied."""


def test_a_merge_killed_at_any_file_leaves_nothing_half_and_completes(
    tmp_path, here, there, monkeypatch
):
    """One record replaces another, whose predictions must not be taken for its own."""
    fill(tmp_path / "target", scored(0.5, started=1), level=1.0)
    expected = tmp_path / "expected"
    shutil.copytree(tmp_path / "target", expected)
    n_files = len(merged(here, there, into=expected, prefer="newest").files)
    whole = merge_plan.write_whole
    for number in range(n_files):
        into = tmp_path / f"killed-{number}"
        shutil.copytree(tmp_path / "target", into)
        left = iter(range(number, -1, -1))

        def write_or_die(path, content, left=left):
            if next(left) > 0:
                whole(path, content)
                return
            path.parent.mkdir(exist_ok=True, parents=True)
            (path.parent / ".mer-abcdefgh").write_bytes(content[:-20])  # as `whole` leaves it then
            raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(merge_plan, "write_whole", write_or_die)
            merged(here, there, into=into, prefer="newest")
        for record in read_records(into):
            assert weights_path(into, record).exists()
            level = read_predictions(into, record)["e0"][0, 0]
            assert level == {0.25: 0.5, 0.5: 1.0}[record.scores["rmse_average"]]
        merged(here, there, into=into, prefer="newest")
        files = contents(into)
        assert {name: files[name] for name in files if ".mer-" not in name} == contents(expected)


def test_what_changes_while_it_is_merged_is_refused(tmp_path, here, there, monkeypatch):
    """Another process may write a record in the folder or in the target meanwhile."""
    (tmp_path / "both").mkdir()
    for folder in (here, tmp_path / "both"):
        monkeypatch.setattr(
            "benchmark.search.merge.prepare_folder",
            lambda _, folder=folder: write_record(folder, scored(0.125), {}),
        )
        with pytest.raises(ResultsError, match="changed while it was merged") as caught:
            merged(here, there, into=tmp_path / "both")
        assert str(record_path(folder, record_of(1))) in str(caught.value)
