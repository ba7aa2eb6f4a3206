from dataclasses import replace

import pytest

from datasets.contract import DatasetError, Split
from datasets.names import flaw_of_name
from tests.conftest import make_song


def split(*ids, **changes):
    """Return a split of one development song and evaluation songs of these ids."""
    songs = [replace(make_song("e0", 7), song_id=one, **changes) for one in ("d0", *ids)]
    return Split((songs[0],), tuple(songs[1:]))


@pytest.mark.parametrize(
    ("song_id", "flaw"),
    [
        (7, "is no text but int"),
        (None, "is no text but NoneType"),
        ("", "is empty"),
        ("s" * 70_000, "is longer than 200 bytes"),
        ("a\x1b[2J", r"control character U\+001B"),
        ("a\nb", r"control character U\+000A"),
        ("\udc80", r"control character U\+DC80"),
    ],
)
def test_a_song_id_that_is_no_name_is_refused(song_id, flaw):
    with pytest.raises(DatasetError, match=f"cannot be a song id: it .*{flaw}") as raised:
        split(song_id)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("song_id", ["s1.npy", "file", "a/b", "../x", "音楽　1", "a b", "Ærø"])
def test_any_text_that_a_person_can_read_is_a_song_id(song_id):
    assert split(song_id).evaluation[0].song_id == song_id
    assert flaw_of_name(song_id) == ""


def test_ids_of_two_types_that_are_there_twice_are_named():
    with pytest.raises(DatasetError, match=r"repeated: \[7, 'a'\]"):
        split("a", "a", 7, 7)


def test_a_family_is_named_like_a_song():
    with pytest.raises(DatasetError, match=r"cannot be a family: it holds the control character"):
        split("e1", family="a\x07")
