"""Fused layers compute what the plain ones define: values, gradients, statistics, dropout."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.evaluate.complexity import count_flops, count_parameters
from benchmark.train.step import rmse_loss
from models.crnn import CRNN, CRNNConfig
from models.crnn_nb import CRNNNB
from models.fused import frontend_kernels
from models.fused.crnn import fuse
from models.fused.frontend import FusedFront, patch_moments
from tests.models.fused_twins import data, networks

CONFIGS = {
    "paper": {},
    "no l1": {"l1": 0.0},
    "sum": {"activity": "sum", "l1": 1e-3},
    "batch mean": {"activity": "batch_mean", "l1": 1e-3},
    "two convolutions": {"conv_layers": 2, "channels": 3},
    "three of all": {"conv_layers": 3, "dense_layers": 3, "gru_layers": 3, "gru_units": 5},
    "Keras 1": {"gru": "keras1", "batch_norm_momentum": 0.01, "batch_norm_epsilon": 1e-3},
    "one unit": {"channels": 1, "dense_units": 1, "gru_units": 1, "maxout_pieces": 1},
}


def step(network, features, annotations):
    """Return loss with penalty and the gradients of one training step."""
    network.train()
    network.zero_grad()
    loss = rmse_loss(network(features), annotations) + network.penalty()
    loss.backward()
    return float(loss.detach()), {name: one.grad for name, one in network.named_parameters()}


def assert_alike(first, second, tolerance):
    scale = max(float(first.double().norm()), 1e-6)
    assert float((first.double() - second.double()).norm()) <= tolerance * scale


@pytest.mark.parametrize("kind", [CRNN, CRNNNB])
@pytest.mark.parametrize("settings", CONFIGS.values(), ids=CONFIGS)
def test_losses_gradients_and_running_statistics_equal_the_plain_layers(kind, settings):
    plain, fused = networks(kind, **settings)
    features, annotations = data()
    (loss, gradients), (other, others) = (
        step(one, features, annotations) for one in (plain, fused)
    )
    assert other == pytest.approx(loss, rel=1e-12)
    assert list(gradients) == list(others)
    for name, gradient in gradients.items():
        assert_alike(gradient, others[name], 1e-9)
    for one, two in zip(plain.buffers(), fused.buffers(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("settings", CONFIGS.values(), ids=CONFIGS)
def test_predictions_equal_the_plain_layers(settings):
    plain, fused = networks(**settings)
    features, annotations = data()
    for network in (plain, fused):
        step(network, features, annotations)
        network.eval()
    with torch.no_grad():
        torch.testing.assert_close(plain(features), fused(features), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 2, 2), (2, 1, 5), (3, 5, 1), (1, 60, 3)])
def test_the_smallest_shapes_work(shape):
    plain, fused = networks(n_features=shape[-1])
    features, annotations = data(shape)
    if shape == (1, 1, 1):
        features, annotations = features.repeat(2, 1, 1), annotations.repeat(2, 1, 1)
        features[1] += 1
    (loss, gradients), (other, others) = (
        step(one, features, annotations) for one in (plain, fused)
    )
    assert other == pytest.approx(loss, rel=1e-10)
    for name, gradient in gradients.items():
        assert_alike(gradient, others[name], 1e-7)


def test_float32_gradients_are_as_near_to_float64_as_the_plain_ones():
    features, annotations = data((8, 20, 64))
    reference, _ = networks(n_features=64)
    plain, fused = networks(n_features=64, dtype=torch.float32)
    _, exact = step(reference, features, annotations)
    _, gradients = step(plain, features.float(), annotations.float())
    _, others = step(fused, features.float(), annotations.float())
    for name, true in exact.items():
        scale = float(true.norm())
        if name == "front.convolutions.0.bias":
            scale = max(scale, 1e-2)  # batch norm removes all but the activity's share
        ours, theirs = (float((one[name].double() - true).norm()) for one in (others, gradients))
        assert ours <= 1e-4 * scale
        assert ours <= max(2 * theirs, 2e-6 * scale)


@pytest.mark.parametrize("kind", [CRNN, CRNNNB])
def test_ten_steps_of_adam_stay_within_a_millionth_without_dropout(kind):
    plain, fused = networks(kind, n_features=64, dtype=torch.float32)
    losses = []
    for network in (plain, fused):
        optimizer = torch.optim.Adam(network.parameters(), fused=network is fused)
        losses.append([])
        for index in range(10):
            features, annotations = data((8, 20, 64), torch.float32)
            features = features.roll(index, dims=2)
            network.train()
            optimizer.zero_grad()
            loss = rmse_loss(network(features), annotations)
            (loss + network.penalty()).backward()
            optimizer.step()
            losses[-1].append(float(loss.detach()))
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-6)
    assert losses[0][-1] < losses[0][0]


class Mask(nn.Module):
    """Dropout whose decisions are given."""

    def __init__(self, kept, drop):
        super().__init__()
        self.kept, self.drop, self.p = kept, drop, drop

    def forward(self, maps):
        return maps * self.kept / (1 - self.drop)


def kept_positions(shape, drop, seed):
    """Return what the fused front keeps of maps (B, T, C, F) after `torch.manual_seed(seed)`."""
    torch.manual_seed(seed)
    seeds = torch.randint(2**32, (2,), dtype=torch.int64).numpy().astype(np.uint32)
    n_batch, n_frames, n_channels, n_features = shape
    maps = np.empty((n_batch * n_frames * n_channels, n_features))
    nothing, one = np.zeros((n_channels, 9)), np.ones(n_channels)
    padded = np.zeros((n_batch, n_frames + 2, n_features + 2))
    threshold = np.uint32(round(drop * 2**32))
    frontend_kernels.forward(
        padded, nothing, 0 * one, one, one, maps, n_channels, 1, threshold, seeds,
        np.zeros((n_channels, 10)), False,
    )  # fmt: skip
    return torch.from_numpy((maps > 0).reshape(shape))


@pytest.mark.parametrize("drop", [0.25, 0.5, 0.75])
def test_with_the_same_masks_dropout_gives_the_same_gradients(drop):
    plain, fused = networks(dropout=drop)
    features, annotations = data()
    kept = kept_positions((4, 7, 8, 11), drop, seed=9)
    plain.front.dropout = Mask(kept.transpose(1, 2), drop)
    for network in (plain, fused):
        for branch in network.branches:
            branch.dropout = nn.Identity()
    torch.manual_seed(9)
    (other, others) = step(fused, features, annotations)
    (loss, gradients) = step(plain, features, annotations)
    assert other == pytest.approx(loss, rel=1e-12)
    for name, gradient in gradients.items():
        assert_alike(gradient, others[name], 1e-9)


@pytest.mark.parametrize("drop", [0.25, 0.5, 0.75, 0.1])
def test_dropout_keeps_the_right_share_everywhere_and_nothing_repeats(drop):
    shape = (32, 60, 8, 26)
    first, second = (kept_positions(shape, drop, seed).double() for seed in (1, 2))
    n = first.numel()
    error = 4 * np.sqrt(drop * (1 - drop) / n)
    assert abs(float(first.mean()) - (1 - drop)) < error
    for axis in range(4):  # every sequence, frame, channel and feature loses its share
        share = first.transpose(0, axis).flatten(1).mean(dim=1)
        deviation = np.sqrt(drop * (1 - drop) / (n / len(share)))
        assert float((share - (1 - drop)).abs().max()) < 5 * deviation
    pairs = {"two steps": (first, second)} | {
        f"neighbours along axis {axis}": (first, first.roll(1, dims=axis)) for axis in range(4)
    }
    for name, (one, two) in pairs.items():
        correlation = float(((one - one.mean()) * (two - two.mean())).mean() / (drop * (1 - drop)))
        assert abs(correlation) < 5 / np.sqrt(n), name


def test_moments_of_patches_equal_those_of_unfolded_data_even_unscaled():
    features = data((3, 6, 9))[0] * 20 + 1000
    padded = nn.functional.pad(features, (1, 1, 1, 1))
    patches = nn.functional.unfold(padded.unsqueeze(1), 3).transpose(0, 1).flatten(1).numpy()
    mean, covariance = patch_moments(padded.numpy())
    np.testing.assert_allclose(mean, patches.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(patches, bias=True), rtol=1e-8)


def test_unscaled_features_cost_no_precision():
    features, annotations = data((4, 20, 32))
    features = features * 20 + 300
    reference, _ = networks(n_features=32)
    plain, fused = networks(n_features=32, dtype=torch.float32)
    _, exact = step(reference, features.float().double(), annotations)
    name = "front.convolutions.0.weight"
    errors = [
        float((step(one, features.float(), annotations.float())[1][name] - exact[name]).norm())
        for one in (fused, plain)
    ]
    assert errors[0] <= max(2 * errors[1], 1e-3 * float(exact[name].norm()))


def test_a_diverged_front_shows_nan_and_does_not_hide_it():
    for place in ("convolutions", "norms"):
        _, fused = networks(dtype=torch.float32, conv_layers=2)
        next(getattr(fused.front, place).parameters()).data.fill_(torch.nan)
        features, _ = data(dtype=torch.float32)
        assert fused.train()(features).isnan().any()
    _, fused = networks(dtype=torch.float32)
    features[0, 0, 0] = torch.nan
    assert fused(features).isnan().any()


def test_what_is_unusual_is_left_to_the_plain_layers():
    plain, fused = networks()
    features, _ = data()
    gradients = []
    for network in (plain, fused):
        wanted = features.clone().requires_grad_()
        network.eval()(wanted).sum().backward()
        gradients.append(wanted.grad)
    torch.testing.assert_close(*gradients)
    counts = [(count_parameters([one]), *count_flops(one.float(), 11)) for one in (plain, fused)]
    assert counts[0] == counts[1]
    assert counts[0][1] > 0


def test_parameters_are_shared_and_states_exchangeable():
    torch.manual_seed(0)
    plain = CRNN(n_features=11, config=CRNNConfig())
    fused = fuse(plain)
    assert isinstance(fused.front, FusedFront)
    assert not isinstance(plain.front, FusedFront)
    assert list(plain.state_dict()) == list(fused.state_dict())
    assert all(one is two for one, two in zip(plain.parameters(), fused.parameters(), strict=True))
    other = nn.Linear(2, 2)
    assert fuse(other) is other


@pytest.mark.parametrize("kind", [CRNN, CRNNNB])
def test_training_the_fused_network_trains_the_plain_one(kind):
    plain = kind(n_features=11, config=CRNNConfig()).double()
    before, fused = deepcopy(plain.state_dict()), fuse(plain)
    optimizer = torch.optim.Adam(fused.parameters(), lr=0.1)
    features, annotations = data()
    step(fused, features, annotations)
    optimizer.step()
    assert not any(torch.equal(before[name], one) for name, one in plain.named_parameters())
    with torch.no_grad():
        torch.testing.assert_close(plain.eval()(features), fused.eval()(features))
        torch.testing.assert_close(deepcopy(fused)(features), fused(features))
