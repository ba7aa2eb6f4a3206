import numpy as np
import pytest
import torch
from torch import nn

from benchmark.train.batches import cut_windows, join_windows, predict_windows, shuffled_batches
from datasets.scaling import Scaler
from tests.conftest import make_song

SONGS = [make_song("a", 60), make_song("b", 68), make_song("c", 7)]
SCALER = Scaler(np.zeros(6), np.ones(6))


class Echo(nn.Module):
    """Returns the first two features: the annotations themselves."""

    def forward(self, features):
        return features[..., :2]


@pytest.mark.parametrize("length", [1, 7, 10, 20, 30, 60, 100])
def test_every_frame_lies_in_exactly_one_window(length):
    groups = cut_windows(SONGS, SCALER, length, "cpu")
    frames = sorted(
        (index, frame)
        for group in groups
        for index, start in group.origins
        for frame in range(start, start + group.features.shape[1])
    )
    assert frames == [(i, t) for i, song in enumerate(SONGS) for t in range(song.n_frames)]


@pytest.mark.parametrize("length", [10, 60, 2000])
def test_predicted_windows_return_to_their_places(length):
    groups = cut_windows(SONGS, SCALER, length, "cpu")
    joined = join_windows(groups, predict_windows(Echo(), groups), SONGS)
    for song, predicted in zip(SONGS, joined, strict=True):
        assert (predicted == song.annotations).all()


def test_no_window_is_padded():
    groups = cut_windows(SONGS, SCALER, 20, "cpu")
    assert [tuple(group.features.shape[:2]) for group in groups] == [(6, 20), (1, 8), (1, 7)]


def test_an_epoch_shows_every_window_once_in_an_order_the_seed_decides():
    groups = cut_windows(SONGS, SCALER, 10, "cpu")

    def order(seed):
        generator = torch.Generator().manual_seed(seed)
        batches = [batch for batch, _ in shuffled_batches(groups, 4, generator)]
        assert max(len(batch) for batch in batches) <= 4
        return [float(window.sum()) for batch in batches for window in batch]

    assert order(1) == order(1) != order(2)
    everything = sorted(float(window.sum()) for group in groups for window in group.features)
    assert sorted(order(1)) == pytest.approx(everything)
