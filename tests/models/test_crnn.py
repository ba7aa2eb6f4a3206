import numpy as np
import pytest
import torch

from models.crnn import ConvolutionalFront, CRNNConfig, Maxout


def test_maxout_is_the_largest_of_its_linear_maps():
    maxout = Maxout(5, 2, pieces=4)
    inputs = torch.randn(3, 7, 5)
    weights = maxout.linear.weight.detach().numpy().reshape(4, 2, 5)
    biases = maxout.linear.bias.detach().numpy().reshape(4, 2)
    maps = np.einsum("btn,pon->btpo", inputs.numpy(), weights) + biases
    assert maxout(inputs).detach().numpy() == pytest.approx(maps.max(axis=2), abs=1e-6)


def test_the_penalty_is_elastic_net_on_weights_and_mean_activity():
    front = ConvolutionalFront(CRNNConfig(l1=0.1, l2=0.001)).train()
    features = torch.randn(4, 9, 6)
    front(features)
    weights = front.convolutions[0].weight.detach().numpy().astype(float)
    bias = front.convolutions[0].bias.detach().numpy().astype(float)
    padded = np.pad(features.numpy().astype(float), ((0, 0), (1, 1), (1, 1)))
    maps = np.zeros((4, 8, 9, 6)) + bias[None, :, None, None]
    for row in range(3):
        for column in range(3):
            shifted = padded[:, None, row : row + 9, column : column + 6]
            maps += weights[None, :, 0, row, column, None, None] * shifted
    positions = 4 * 9 * 6
    expected = 0.1 * np.abs(weights).sum() + 0.001 * np.square(weights).sum()
    expected += (0.1 * np.abs(maps).sum() + 0.001 * np.square(maps).sum()) / positions
    assert front.penalty().item() == pytest.approx(expected, rel=1e-5)


def test_without_regularisation_there_is_no_penalty():
    front = ConvolutionalFront(CRNNConfig(l1=0.0, l2=0.0)).train()
    front(torch.randn(2, 5, 6))
    assert front.penalty().item() == 0.0


@pytest.mark.parametrize("impossible", [{"dropout": 1.0}, {"l1": -1.0}, {"conv_layers": 4}])
def test_impossible_settings_are_refused(impossible):
    with pytest.raises(ValueError, match=next(iter(impossible))):
        CRNNConfig(**impossible)
