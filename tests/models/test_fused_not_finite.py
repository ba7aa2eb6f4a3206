"""NaN and infinity show in fused layers wherever they show in plain ones."""

import numpy as np
import pytest
import torch
from torch import nn

from models.crnn import CRNN
from models.crnn_nb import CRNNNB
from tests.models.fused_twins import data, networks

DEEP = {"conv_layers": 2, "channels": 3, "dense_layers": 2, "gru_layers": 2}


def assert_same_places(plain, fused, features):
    """Compare where predictions are NaN, and where infinite; the rest is equal."""
    with torch.no_grad():
        expected, predicted = plain(features), fused(features)
    assert torch.equal(expected.isnan(), predicted.isnan())
    torch.testing.assert_close(predicted, expected, rtol=1e-9, atol=1e-9, equal_nan=True)


def place(network, name):
    """Return the parameter or buffer of a name, flat."""
    return (dict(network.named_parameters()) | dict(network.named_buffers()))[name].data.view(-1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("kind", "settings"), [(CRNN, {}), (CRNNNB, DEEP)])
def test_a_song_with_a_value_that_is_not_finite_is_predicted_as_by_plain_layers(
    kind, settings, value
):
    plain, fused = networks(kind, **settings)
    features, _ = data()
    features[1, 3, 5] = value
    assert_same_places(plain.eval(), fused.eval(), features)
    with torch.no_grad():
        is_nan = fused(features).isnan()
    assert not is_nan[[0, 2, 3]].any()  # other songs of the batch are not touched
    assert is_nan[1].any() or not np.isnan(value)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
@pytest.mark.parametrize(("kind", "settings"), [(CRNN, {}), (CRNNNB, DEEP)])
def test_weights_that_are_not_finite_show_as_in_plain_layers(kind, settings, value):
    names = [name for name, _ in networks(kind, **settings)[0].named_parameters()]
    names += [f"front.norms.0.running_{what}" for what in ("mean", "var")]
    features, _ = data()
    for name in names:
        plain, fused = networks(kind, **settings)
        for network in (plain.eval(), fused.eval()):
            weights = place(network, name)
            weights[len(weights) // 2] = value
        assert_same_places(plain, fused, features)


def test_what_dropout_removes_of_nan_is_nan_as_in_torch():
    _, fused = networks(dropout=0.75, conv_layers=2)
    features, _ = data()
    place(fused, "front.norms.1.bias")[0] = torch.nan  # of the first of 8 channels
    maps = fused.train().front(features).view(4, 7, 8, 11)
    assert maps[:, :, 0].isnan().all()
    assert not maps[:, :, 1:].isnan().any()


def test_a_single_value_has_no_variance_to_train_with():
    features = torch.zeros(1, 1, 1, dtype=torch.float64)
    for network in networks(n_features=1):
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            network.train()(features)
        with torch.no_grad():
            assert network.eval()(features).isfinite().all()


def test_nothing_is_said_where_values_are_not_finite(recwarn):
    _, fused = networks()
    for parameter in fused.front.parameters():
        nn.init.constant_(parameter, torch.inf)
    with torch.no_grad():
        assert fused.eval()(data()[0]).isnan().any()
    assert not recwarn.list
