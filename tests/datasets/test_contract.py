from dataclasses import replace

import numpy as np
import pytest

from datasets.contract import DatasetError, Song, Split
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
    changed.flat[3] += 0.01
    others = (split.evaluation[0], replace(song, **{name: changed}), split.evaluation[2])
    assert replace(split, evaluation=others).digest() != split.digest()


def test_the_digest_notices_songs_that_change_sides():
    split = make_split()
    moved = Split(split.development[1:], (*split.evaluation, split.development[0]))
    assert moved.digest() != split.digest()


def test_equal_songs_have_equal_digests():
    assert make_split().digest() == make_split().digest()
