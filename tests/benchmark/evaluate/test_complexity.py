import pytest
import torch
from torch import nn

from benchmark.evaluate.complexity import count_activations, count_flops, count_parameters
from models.blstm import BLSTM, BLSTMConfig
from models.crnn import CRNN, CRNNConfig


class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.inner = kind(6, 4, **options)

    def forward(self, features):
        return self.inner(features)[0]


@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bias", [False, True])
def test_recurrent_flops_are_frames_times_weights(kind, gates, bidirectional, layers, bias):
    network = Recurrent(
        kind, num_layers=layers, bidirectional=bidirectional, bias=bias, batch_first=True
    )
    directions = 2 if bidirectional else 1
    inputs = [6] + [4 * directions] * (layers - 1)
    per_frame = sum(directions * gates * 4 * (n + 4) for n in inputs)
    assert count_flops(network, 6, n_frames=13) == (13 * per_frame, [])


@pytest.mark.parametrize("gru", ["torch", "keras1"])
def test_crnn_flops_equal_the_closed_formula(gru):
    n, config = 260, CRNNConfig(gru=gru)
    convolution, norm = 9 * 8 * n, 2 * 8 * n  # fvcore counts two per normalised value
    branch = 8 * n * 8 + 2 * 3 * 8 * (8 + 8) + 16 * 4
    expected = 60 * (convolution + norm + 2 * branch)
    assert count_flops(CRNN(n_features=n, config=config), n) == (expected, [])


def test_blstm_flops_equal_the_closed_formula():
    inputs = [260] + [256] * 4
    per_frame = sum(2 * 4 * 128 * (n + 128) for n in inputs) + 256 * 2
    network = BLSTM(n_features=260, config=BLSTMConfig())
    assert count_flops(network, 260) == (60 * per_frame, [])


def test_an_operation_nobody_counts_is_named():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(6, 2)

        def forward(self, features):
            mixed = nn.functional.scaled_dot_product_attention(features, features, features)
            return self.head(mixed)

    flops, uncounted = count_flops(Attention(), 6, n_frames=10)
    assert flops == 10 * 6 * 2
    assert uncounted == ["aten::scaled_dot_product_attention"]


def test_shared_weights_are_counted_once_and_frozen_state_not_at_all():
    first = nn.Linear(6, 2)
    assert count_parameters([first, first]) == 6 * 2 + 2
    assert count_parameters([nn.BatchNorm1d(5)]) == 10
    assert count_parameters([]) == 0


def test_counting_leaves_the_network_as_it_was():
    network = CRNN(n_features=6, config=CRNNConfig()).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    count_flops(network, 6)
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_activations_are_what_every_layer_writes():
    crnn = CRNN(n_features=260, config=CRNNConfig())
    per_frame = 8 * 260 + 2 * (8 + 2 * 8 + 4)  # convolution, then dense, GRU and maxout per branch
    assert count_activations(crnn, 260, 7) == 7 * per_frame
    blstm = BLSTM(n_features=260, config=BLSTMConfig())
    assert count_activations(blstm, 260, 7) == 7 * (5 * 2 * 128 + 2)
