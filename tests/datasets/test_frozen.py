"""Songs stay as they were loaded."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from datasets.contract import DatasetError, Song, UnannotatedSong
from datasets.raters import Raters
from tests.conftest import make_song

CURVES = np.zeros((3, 5, 2), np.float32)
SONG = replace(make_song("x", 5), raters=Raters(CURVES))
ARRAYS = {
    "features": SONG.features,
    "annotations": SONG.annotations,
    "times": SONG.times,
    "raters": SONG.raters.curves_RT2,
    "to predict": SONG.without_annotations().features,
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_no_array_of_a_song_can_be_written_to_or_opened(array):
    with pytest.raises(ValueError, match="read-only"):
        array += 1
    while isinstance(array, np.ndarray):  # the array and whatever it is a view of
        for view in (array, array[1:], array.T, array.reshape(-1), array.view()):
            with pytest.raises(ValueError, match="cannot set WRITEABLE"):
                view.setflags(write=True)
        array = array.base
    assert isinstance(array, bytes)


def test_a_loaders_own_arrays_stay_its_own():
    features = np.ones((4, 3), np.float32)
    song = Song("x", features, np.zeros((4, 2), np.float32), np.arange(4) / 2)
    features[:] = 7
    assert (song.features == 1).all()


def test_a_song_made_of_another_shares_its_memory():
    assert replace(SONG, family="a").features is SONG.features
    assert SONG.without_annotations().features is SONG.features


def test_a_copy_can_be_written_to():
    copied = deepcopy(SONG)
    copied.features[:] = 0
    assert (SONG.features != 0).any()


def test_what_a_model_predicts_from_is_all_but_annotations_and_raters():
    assert vars(SONG.without_annotations()).keys() == {"song_id", "features", "times"}
    assert isinstance(SONG.without_annotations(), UnannotatedSong)


@pytest.mark.parametrize(
    ("features", "named"),
    [([[1.0]], "list"), (np.ones((1, 3), complex), "complex128"), (np.full((1, 3), "a"), "<U1")],
)
def test_what_is_no_array_of_real_numbers_is_refused(features, named):
    with pytest.raises(DatasetError, match=rf"x: features are {named}, expected a NumPy array of"):
        Song("x", features, np.zeros((1, 2)), np.zeros(1))
