"""Keras 1's layers against numpy, written from the equations."""

import numpy as np
import pytest
import torch
from torch import nn

from models import keras1_layers
from models.crnn import CRNN, CRNNConfig

UNITS, INPUTS = 3, 5


def numpy_gru(inputs_TI, kernel_IG, recurrent_HG, bias_G):
    """One direction over one sequence, gate by gate as Keras 1.2 computes it."""
    h = np.zeros(UNITS)
    w, u, b = (
        {gate: part[..., k * UNITS : (k + 1) * UNITS] for k, gate in enumerate("zrc")}
        for part in (kernel_IG, recurrent_HG, bias_G)
    )
    states = []
    for x in inputs_TI:
        z = np.clip(0.2 * (x @ w["z"] + h @ u["z"] + b["z"]) + 0.5, 0, 1)
        r = np.clip(0.2 * (x @ w["r"] + h @ u["r"] + b["r"]) + 0.5, 0, 1)
        c = np.tanh(x @ w["c"] + (r * h) @ u["c"] + b["c"])
        h = z * h + (1 - z) * c
        states.append(h)
    return np.array(states)


def weights_of(layer, direction):
    return [
        part[direction].detach().numpy()
        for part in (layer.kernel_DIG, layer.recurrent_DHG, layer.bias_DG)
    ]


@pytest.fixture
def layer():
    torch.manual_seed(3)
    layer = keras1_layers.KerasGRULayer(INPUTS, UNITS).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(4)  # far enough out that the hard sigmoid is cut on both sides
    return layer


def test_the_gru_follows_the_equations_step_by_step_in_both_directions(layer):
    inputs = torch.randn(4, 11, INPUTS, dtype=torch.float64) * 2
    output = layer(inputs).detach().numpy()
    for sequence in range(4):
        x = inputs[sequence].numpy()
        forwards = numpy_gru(x, *weights_of(layer, 0))
        backwards = numpy_gru(x[::-1], *weights_of(layer, 1))[::-1]
        expected = np.concatenate([forwards, backwards], axis=1)
        assert output[sequence] == pytest.approx(expected, abs=1e-12)


def test_single_precision_stays_within_a_millionth(layer):
    inputs = torch.randn(2, 60, INPUTS)
    exact = layer(inputs.double()).detach().numpy()
    assert layer.float()(inputs).detach().numpy() == pytest.approx(exact, abs=1e-6)


def test_the_hard_sigmoid_is_keras_own():
    x = torch.tensor([-3.0, -2.5, 0.0, 1.0, 2.5, 3.0])
    assert keras1_layers.hard_sigmoid(x).tolist() == pytest.approx([0, 0, 0.5, 0.7, 1, 1])
    assert nn.functional.hardsigmoid(x)[3].item() == pytest.approx(2 / 3)  # torch's is another


def test_layers_are_stacked_on_both_directions():
    gru = keras1_layers.KerasGRU(INPUTS, UNITS, n_layers=2, dropout=0.5).eval()
    inputs = torch.randn(2, 7, INPUTS)
    first, second = gru.layers
    assert torch.equal(gru(inputs), second(first(inputs)))
    assert second.kernel_DIG.shape == (2, 2 * UNITS, 3 * UNITS)


@pytest.mark.parametrize("flavour", ["torch", "keras1"])
def test_first_weights_are_drawn_as_keras_draws_them(flavour):
    torch.manual_seed(0)
    config = CRNNConfig(gru=flavour, initialisation="keras1", gru_units=16, dense_units=8)
    network = CRNN(n_features=20, config=config)
    branch = network.branches[0]

    def fills(weights, bound):
        values = weights.detach().abs()
        assert 0.8 * bound < values.max().item() <= bound

    fills(network.front.convolutions[0].weight, np.sqrt(6 / (9 * 1 + 9 * 8)))
    fills(branch.dense[0].weight, np.sqrt(6 / (8 * 20 + 8)))
    fills(branch.maxout.linear.weight, np.sqrt(3 / np.sqrt(4 * 32 * 1)))
    if flavour == "torch":
        recurrent, biases = branch.gru.weight_hh_l0, branch.gru.bias_ih_l0
    else:
        recurrent, biases = branch.gru.layers[0].recurrent_DHG[0].T, branch.gru.layers[0].bias_DG
    for gate in recurrent.detach().chunk(3):
        torch.testing.assert_close(gate @ gate.T, 1.1**2 * torch.eye(16), atol=1e-5, rtol=0)
    assert not biases.detach().any()
    assert not branch.maxout.linear.bias.detach().any()


def test_torchs_own_weights_are_left_alone_by_default():
    torch.manual_seed(0)
    ours = CRNN(n_features=20, config=CRNNConfig()).front.convolutions[0].weight
    torch.manual_seed(0)
    plain = nn.Conv2d(1, 8, kernel_size=3).weight
    assert torch.equal(ours, plain)
