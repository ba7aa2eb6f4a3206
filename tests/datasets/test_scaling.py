from dataclasses import replace

import numpy as np
import pytest

from datasets.scaling import Scaler
from tests.conftest import make_song


def test_training_songs_become_standard():
    songs = [make_song(f"s{index}", 50) for index in range(5)]
    scaled = np.concatenate([Scaler.fit(songs).apply(song.features) for song in songs])
    assert scaled.mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-5)
    assert scaled.std(axis=0) == pytest.approx(np.ones(6), abs=1e-4)


def test_a_feature_that_never_varies_stays_finite():
    features = make_song("s", 10).features.copy()
    features[:, 4] = 3.0
    song = replace(make_song("s", 10), features=features)
    assert np.isfinite(Scaler.fit([song]).apply(song.features)).all()
