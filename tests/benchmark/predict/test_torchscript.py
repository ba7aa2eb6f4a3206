"""A model as one TorchScript file predicts what it predicted, or is refused."""

import sys

import numpy as np
import pytest
import torch

from benchmark.predict.torchscript import NotPortable, portable
from benchmark.train.trainer import ScaledNetwork
from datasets.scaling import Scaler
from models.crnn import CRNN, CRNNConfig
from tests.conftest import make_song


def fitted(network, length):
    songs = [make_song(f"s{n}", 70) for n in range(2)]
    return ScaledNetwork(network.eval(), Scaler.fit(songs), length, "cpu"), songs


@pytest.mark.parametrize("length", [20, sys.maxsize], ids=["windows", "whole songs"])
def test_a_portable_module_predicts_what_the_network_predicts(length):
    scaled, songs = fitted(CRNN(n_features=6, config=CRNNConfig()), length)
    module = portable(scaled)
    for song, expected in zip(songs, scaled.predict(songs), strict=True):
        with torch.no_grad():
            predicted = module(torch.tensor(song.features)[None])[0].numpy()
        np.testing.assert_allclose(predicted, np.clip(expected, -1, 1), atol=1e-6)


class Refusing(torch.nn.Module):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, features_BTF):
        raise self.error


@pytest.mark.parametrize(
    ("error", "why"),
    [(ValueError("first line\nnot these songs"), "not these songs"), (KeyError(), "KeyError")],
)
def test_a_network_that_fails_while_it_is_traced_is_refused(error, why):
    scaled, _ = fitted(Refusing(error), 20)
    with pytest.raises(NotPortable, match=f"^{why}$"):
        portable(scaled)


def test_a_network_that_loops_over_frames_is_refused():
    scaled, _ = fitted(CRNN(n_features=6, config=CRNNConfig(gru="keras1")), 20)
    with pytest.raises(NotPortable, match="Expected 30 elements in a list but found 47"):
        portable(scaled)
