import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from datasets.contract import DatasetError, Song, Split
from datasets.raters import Raters
from tests.conftest import make_song, make_split


def test_a_song_without_frames_is_refused():
    with pytest.raises(DatasetError, match="has no frames"):
        Song("x", np.zeros((0, 3)), np.zeros((0, 2)), np.zeros(0))


def test_features_and_annotations_must_be_equally_long():
    with pytest.raises(DatasetError, match="3 feature frames for 4 annotations"):
        Song("x", np.zeros((3, 5)), np.zeros((4, 2)), np.zeros(4))


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(broken):
    features = np.zeros((4, 5))
    features[2, 1] = broken
    with pytest.raises(DatasetError, match="NaN or inf"):
        Song("x", features, np.zeros((4, 2)), np.zeros(4))


def test_annotations_off_the_scale_are_refused():
    with pytest.raises(DatasetError, match=r"annotation of 5; valence and arousal lie in"):
        Song("x", np.zeros((4, 5)), np.full((4, 2), 5.0), np.zeros(4))


@pytest.mark.parametrize("times", [[0, 0.1, 0.2], [0, 0.5, 0.5], [0, 0.5, 0.25], [1, 2, 2.75]])
def test_frames_that_are_not_half_a_second_apart_are_refused(times):
    with pytest.raises(DatasetError, match=r"has frames at .* s and .* s; frames are 0.5 s apart"):
        replace(make_song("x", 3), times=np.array(times))


def test_half_seconds_may_be_left_out():
    times = np.array([15.0, 15.5, 20.0, 20.5])
    assert replace(make_song("x", 4), times=times).times.tolist() == times.tolist()


def test_times_are_finite_seconds_one_a_frame():
    for times in (np.array([[0.0], [0.5]]), np.array([0.0, np.nan])):
        with pytest.raises(DatasetError, match=r"times .* must be finite seconds \(T,\)"):
            replace(make_song("x", 2), times=times)


@pytest.mark.parametrize("name", ["features", "annotations"])
def test_numbers_of_another_type_are_refused_with_what_to_write(name):
    song = make_song("x", 3)
    wide = getattr(song, name).astype(np.float64)
    message = rf"{name} are float64, expected float32; write {name}.astype\(np.float32\)"
    with pytest.raises(DatasetError, match=message):
        replace(song, **{name: wide})


def test_a_split_needs_songs_to_learn_from_but_none_to_evaluate_on():
    assert Split((make_song("a", 5),), ()).songs[0].song_id == "a"
    with pytest.raises(DatasetError, match="needs development songs to learn from, got 0"):
        Split((), (make_song("a", 5),))


def test_a_song_is_never_on_both_sides_of_a_split():
    song = make_song("same", 5)
    with pytest.raises(DatasetError, match=r"unique across a split; repeated: \['same'\]"):
        Split((song,), (song,))


def test_songs_of_unequal_width_are_refused():
    with pytest.raises(DatasetError, match=r"same number of features, got \[6, 7\]"):
        Split((make_song("a", 5),), (make_song("b", 5, n_features=7),))


@pytest.mark.parametrize("name", ["features", "annotations", "times"])
def test_the_digest_notices_one_changed_number(name):
    split = make_split()
    song = split.evaluation[1]
    changed = np.array(getattr(song, name))
    if name == "times":
        changed += 0.5
    else:
        changed.flat[3] += 0.01
    others = (split.evaluation[0], replace(song, **{name: changed}), split.evaluation[2])
    assert replace(split, evaluation=others).digest() != split.digest()


def test_the_digest_notices_songs_that_change_sides():
    split = make_split()
    moved = Split(split.development[1:], (*split.evaluation, split.development[0]))
    assert moved.digest() != split.digest()


def test_equal_songs_have_equal_digests():
    assert make_split().digest() == make_split().digest()


def test_the_digest_is_computed_once_and_the_current_one_anew():
    split = make_split()
    before = split.digest()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch writes where NumPy forbids it
        torch.from_numpy(split.development[0].annotations).add_(0.5)
    assert split.digest() == before != split.current_digest()


def in_families(*names):
    """Return songs of these families."""
    return tuple(
        replace(make_song(f"{index}{name}", 4), family=name) for index, name in enumerate(names)
    )


def test_a_family_on_both_sides_is_refused():
    songs = in_families("a", "b", "b")
    with pytest.raises(DatasetError, match=r"Family 'b' is on both sides of the split; put all"):
        Split(songs[:2], songs[2:])
    songs = in_families("a", "b", "c", "a", "b", "c")
    with pytest.raises(DatasetError, match=r"Family 'a' is on both .* split \(and 2 more\); put"):
        Split(songs[:3], songs[3:])


def test_families_are_given_to_every_song_or_to_none():
    songs = in_families("a", "", "b")
    with pytest.raises(DatasetError, match="Song 1 has no family and others have"):
        Split(songs[:2], songs[2:])


def test_families_are_part_of_the_digest_and_their_absence_leaves_it_as_it_was():
    first, second = in_families("a", "b")
    renamed = replace(second, family="c")
    assert Split((first,), (second,)).digest() != Split((first,), (renamed,)).digest()
    from datasets.synthetic import SyntheticOptions, load

    assert load(SyntheticOptions(size="full"), "baseline").digest().startswith("13da1dcc")


def test_raters_must_have_rated_every_frame():
    with pytest.raises(DatasetError, match=r"raters are \(5, 3, 2\), expected \(raters, 4, 2\)"):
        replace(make_song("x", 4), raters=Raters(np.zeros((5, 3, 2), np.float32)))


def test_songs_without_features_are_refused():
    songs = [replace(make_song(one, 5), features=np.zeros((5, 0), np.float32)) for one in "ab"]
    with pytest.raises(DatasetError, match=r"features \(T, 0\); give at least one column"):
        Split((songs[0],), (songs[1],))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"made_by": 7}, "made_by of a split is no text but int. Name what made the features"),
        ({"made_by": "a\x1b[31m"}, r"made_by of a split holds the control character U\+001B"),
        ({"notes": 5}, "notes of a split are int; give a tuple of sentences"),
        ({"notes": "one"}, "notes of a split are str; give a tuple of sentences"),
        ({"notes": ("one", 2)}, "A note of a split is no text but int. Give sentences"),
        ({"notes": ("a\nb",)}, r"A note of a split holds the control character U\+000A"),
    ],
)
def test_texts_of_a_split_that_cannot_be_printed_are_refused(given, message):
    with pytest.raises(DatasetError, match=message):
        replace(make_split(), **given)


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ([], "references of a split are list; give a dictionary of names and arrays"),
        ({3: ()}, "'int' cannot name a reference: it is no text but int"),
        ({"a\x1b": ()}, r"cannot name a reference: it holds the control character U\+001B"),
        ({"x": ()}, r"Reference 'x' has 0 arrays for 2 evaluation songs; give one \(T, 2\)"),
        ({"x": 5}, "Reference 'x' has no tuple of arrays for 2 evaluation songs"),
        ({"x": (np.zeros((3, 2)), [0, 0])}, r"'x' is list for song b; expected finite numbers"),
        ({"x": (np.zeros((3, 2)), np.zeros((4, 2), complex))}, "'x' is complex128 for song b"),
        ({"x": (np.zeros((3, 2)), np.zeros((3, 2)))}, r"'x' has shape \(3, 2\) for song b; .*4, 2"),
        ({"x": (np.full((3, 2), np.nan), np.zeros((4, 2)))}, "'x' holds NaN or inf for song a"),
    ],
)
def test_references_that_cannot_be_scored_are_refused(references, message):
    songs = (make_song("a", 3), make_song("b", 4))
    good = {"x": (np.zeros((3, 2)), np.zeros((4, 2)))}
    assert Split((make_song("d", 5),), songs, good).references == good
    with pytest.raises(DatasetError, match=message):
        Split((make_song("d", 5),), songs, references)
