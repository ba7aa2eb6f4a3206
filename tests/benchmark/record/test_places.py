import os
import time

import pytest

from benchmark.errors import ResultsError
from benchmark.record.places import FOLDERS, place, prepare_folder, remove, write_whole
from benchmark.record.searches import promoted_studies, read_searches
from benchmark.record.store import read_plans, read_records, record_path
from tests.made_up_records import make_record

HOUR = 3600


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("..", "folder of the system's own"),
        (".", "folder of the system's own"),
        ("", "is empty"),
        (" ", "is empty"),
        ("../../out", "holds '/'"),
        ("/etc", "holds '/'"),
        ("..\\out", "holds '\\\\\\\\'"),
        ("a\x1b[31m", r"control character U\+001B"),
        ("a\0b", r"control character U\+0000"),
        ("a\u2028b", r"control character U\+2028"),
        ("\ud800", r"control character U\+D800"),
        ("é" * 128, "longer than 255 bytes"),
        (7, "is no text but int"),
    ],
)
def test_a_name_that_is_no_name_of_one_file_is_refused(tmp_path, name, flaw):
    with pytest.raises(ResultsError, match=flaw):
        place(tmp_path, "figures", name)


def test_names_of_the_world_are_allowed(tmp_path):
    for name in ("crnn-L60-r1.json", "Ærø 3", "音楽　1", ".hidden", "a=b,c"):
        assert place(tmp_path, "tables", name) == tmp_path / "tables" / name


def test_a_link_out_of_the_folder_is_refused_and_one_within_it_is_not(tmp_path):
    results, outside = tmp_path / "results", tmp_path / "thesis"
    outside.mkdir()
    (results / "tables").mkdir(parents=True)
    (results / "figures").symlink_to(outside)
    (results / "weights").symlink_to(results / "tables")
    with pytest.raises(ResultsError, match="is a link out of results folder"):
        place(results, "figures", "a.png")
    place(results, "weights", "a")


READERS = {
    "records": read_records,
    "plans": read_plans,
    "searches": read_searches,
    "studies": promoted_studies,
}


@pytest.mark.parametrize("is_file", [False, True], ids=["folder", "file"])
@pytest.mark.parametrize("kind", READERS)
def test_what_is_listed_is_not_read_through_a_link_that_leads_out(tmp_path, kind, is_file):
    results, outside = tmp_path / "results", tmp_path / "elsewhere"
    results.mkdir()
    outside.mkdir()
    link = results / kind
    if is_file:
        link.mkdir()
        link /= "a.yaml" if kind == "studies" else "a.json"  # of records, a folder with that name
    link.symlink_to(outside)
    with pytest.raises(ResultsError, match=f"{link} is a link out of results folder"):
        READERS[kind](results)


def test_a_link_in_a_circle_is_refused(tmp_path):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "a.json").symlink_to("b.json")
    (tmp_path / "plans" / "b.json").symlink_to("a.json")
    with pytest.raises(ResultsError, match=r"a\.json is a link out of results folder"):
        read_plans(tmp_path)


def test_a_record_that_is_a_link_out_of_the_folder_is_refused(tmp_path):
    path = record_path(tmp_path / "results", make_record())
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/zero")
    with pytest.raises(ResultsError, match=f"{path} is a link out of results folder"):
        read_records(tmp_path / "results")


def test_the_results_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    write_whole(place(tmp_path / "results", "tables", "a.csv"), b"x")
    assert (tmp_path / "disk" / "tables" / "a.csv").read_bytes() == b"x"


def test_a_file_and_a_folder_of_ours_are_removed(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").touch()
    (tmp_path / "table").touch()
    remove(place(tmp_path, "model"), holding="MLmodel")
    remove(place(tmp_path, "table"))
    remove(place(tmp_path, "nothing"))
    assert not list(tmp_path.iterdir())


def test_what_was_not_made_here_is_never_removed(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    with pytest.raises(ResultsError, match="was not made by mer-benchmark"):
        remove(place(tmp_path, "thesis"), holding="MLmodel")
    with pytest.raises(ResultsError, match="was not made by mer-benchmark"):
        remove(place(tmp_path, "thesis"))
    with pytest.raises(ResultsError, match="was not made by mer-benchmark"):
        remove(place(tmp_path), holding="MLmodel")
    assert (tmp_path / "thesis" / "chapter").is_file()


def test_of_a_link_only_the_link_is_removed(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").touch()
    (tmp_path / "link").symlink_to(tmp_path / "model")
    remove(place(tmp_path, "link"), holding="MLmodel")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "model" / "MLmodel").is_file()


def test_temporary_files_of_a_killed_process_leave_once_they_are_old(tmp_path):
    folder = tmp_path / "records" / "tiny-six"
    folder.mkdir(parents=True)
    others = [folder / ".mer-mine", folder / ".htaccess", tmp_path / ".mer-abcdefgh"]
    old, young = folder / ".mer-abcd_123", folder / ".mer-zzzzzzzz"
    for path in (*others, old, young):
        path.touch()
        if path != young:
            os.utime(path, (time.time() - 2 * HOUR,) * 2)
    prepare_folder(tmp_path)
    assert not old.exists()
    assert all(path.exists() for path in (*others, young))


def test_a_file_being_written_is_called_as_those_that_are_tidied(tmp_path, monkeypatch):
    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", cut)
    with pytest.raises(KeyboardInterrupt):
        write_whole(place(tmp_path, "plans", "a.json"), b"x")
    monkeypatch.undo()
    (left,) = (tmp_path / "plans").iterdir()
    os.utime(left, (time.time() - 2 * HOUR,) * 2)
    assert "plans" in FOLDERS
    prepare_folder(tmp_path)
    assert not left.exists()


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="no UTF-8 text"):
        prepare_folder(tmp_path / b"\xff".decode(errors="surrogateescape"))
    assert not list(tmp_path.iterdir())
