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


def convolved(front, features):
    """Convolve by hand: (B, T, F) -> (B, C, T, F), zero padding on every side."""
    weights = front.convolutions[0].weight.detach().numpy()
    maps = np.zeros((len(features), 8, *features.shape[1:]))
    maps += front.convolutions[0].bias.detach().numpy()[None, :, None, None]
    padded = np.pad(features, ((0, 0), (1, 1), (1, 1)))
    n_frames, n_features = features.shape[1:]
    for row in range(3):
        for column in range(3):
            shifted = padded[:, None, row : row + n_frames, column : column + n_features]
            maps += weights[None, :, 0, row, column, None, None] * shifted
    return maps


@pytest.mark.parametrize(
    ("activity", "divisor"), [("mean", 4 * 9 * 6), ("batch_mean", 4), ("sum", 1)]
)
def test_the_penalty_is_elastic_net_on_weights_and_activity(activity, divisor):
    front = ConvolutionalFront(CRNNConfig(l1=0.1, l2=0.001, activity=activity)).double().train()
    features = torch.randn(4, 9, 6, dtype=torch.float64)
    front(features)
    weights = front.convolutions[0].weight.detach().numpy()
    maps = convolved(front, features.numpy())
    expected = 0.1 * np.abs(weights).sum() + 0.001 * np.square(weights).sum()
    expected += (0.1 * np.abs(maps).sum() + 0.001 * np.square(maps).sum()) / divisor
    assert front.penalty().item() == pytest.approx(expected, rel=1e-9)


def test_each_layer_convolves_then_normalises_then_rectifies():
    front = ConvolutionalFront(CRNNConfig(dropout=0.0)).double().train()
    features = torch.randn(4, 9, 6, dtype=torch.float64)
    maps = convolved(front, features.numpy())
    centred = maps - maps.mean(axis=(0, 2, 3), keepdims=True)
    normalised = centred / np.sqrt(maps.var(axis=(0, 2, 3), keepdims=True) + 1e-5)
    expected = np.maximum(normalised, 0).transpose(0, 2, 1, 3).reshape(4, 9, 48)
    assert front(features).detach().numpy() == pytest.approx(expected, abs=1e-9)


def test_dropout_follows_the_rectifier():
    torch.manual_seed(0)
    front = ConvolutionalFront(CRNNConfig(dropout=0.75)).train()
    kept = front(torch.randn(8, 30, 20))
    assert (kept == 0).float().mean().item() == pytest.approx(1 - 0.5 * 0.25, abs=0.02)


def test_batch_norm_takes_its_momentum_and_epsilon():
    front = ConvolutionalFront(CRNNConfig(batch_norm_momentum=0.01, batch_norm_epsilon=1e-3))
    assert (front.norms[0].momentum, front.norms[0].eps) == (0.01, 1e-3)


def test_without_regularisation_there_is_no_penalty():
    front = ConvolutionalFront(CRNNConfig(l1=0.0, l2=0.0)).train()
    front(torch.randn(2, 5, 6))
    assert front.penalty().item() == 0.0


@pytest.mark.parametrize("impossible", [{"dropout": 1.0}, {"l1": -1.0}, {"conv_layers": 4}])
def test_impossible_settings_are_refused(impossible):
    with pytest.raises(ValueError, match=next(iter(impossible))):
        CRNNConfig(**impossible)
