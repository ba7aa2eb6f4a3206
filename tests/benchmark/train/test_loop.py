import numpy as np
import pytest
import torch
from torch import nn

from benchmark.errors import TrainingDiverged
from benchmark.plan.config import TrainingConfig
from benchmark.train.batches import cut_windows, predict_windows
from benchmark.train.loop import pooled_rmse, train_network
from benchmark.train.step import rmse_loss
from datasets.scaling import Scaler
from tests.conftest import make_song

SONGS = [make_song(f"s{index}", 20) for index in range(20)]


def windows(songs):
    return cut_windows(songs, Scaler.fit(SONGS[:15]), 10, "cpu")


def train(network, config, **changes):
    epochs = []
    curve = train_network(
        network, windows(SONGS[:15]), windows(SONGS[15:]), config, shuffle_seed=3,
        on_epoch=lambda epoch, error: epochs.append(epoch), **changes,
    )  # fmt: skip
    assert epochs == list(range(1, len(curve.validation_rmse) + 1))
    return curve


def test_the_loss_is_the_rmse_per_target_averaged():
    rng = np.random.default_rng(0)
    predicted, annotations = rng.normal(size=(2, 4, 10, 2))
    by_target = np.sqrt(np.mean((predicted - annotations) ** 2, axis=(0, 1)))
    loss = rmse_loss(torch.tensor(predicted), torch.tensor(annotations))
    assert loss.item() == pytest.approx(by_target.mean(), abs=1e-12)


def test_a_perfect_batch_has_a_finite_gradient():
    predicted = torch.zeros(2, 3, 2, requires_grad=True)
    rmse_loss(predicted, torch.zeros(2, 3, 2)).backward()
    assert torch.isfinite(predicted.grad).all()


def test_validation_error_is_pooled_over_windows_of_every_length():
    songs = [make_song("x", 25)]
    groups = cut_windows(songs, Scaler(np.zeros(6), np.ones(6)), 10, "cpu")
    zeros = [torch.zeros_like(group.annotations) for group in groups]
    expected = np.sqrt(np.mean(songs[0].annotations.astype(float) ** 2, axis=0)).mean()
    assert pooled_rmse(groups, zeros) == pytest.approx(expected, abs=1e-7)


def test_training_reduces_the_error():
    torch.manual_seed(0)
    curve = train(nn.Linear(6, 2), TrainingConfig(max_epochs=40, learning_rate=0.02))
    assert min(curve.validation_rmse) < 0.3 * curve.validation_rmse[0]


def test_the_best_epoch_is_kept_and_training_stops_after_patience():
    torch.manual_seed(0)
    network = nn.Linear(6, 2)
    curve = train(network, TrainingConfig(max_epochs=200, patience=3, learning_rate=0.3))
    best = int(np.argmin(curve.validation_rmse)) + 1
    assert curve.best_epoch == best
    assert len(curve.validation_rmse) == best + 3 < 200
    groups = windows(SONGS[15:])
    assert pooled_rmse(groups, predict_windows(network, groups)) == min(curve.validation_rmse)


def test_a_loss_that_is_not_finite_is_an_outcome_of_its_own():
    with pytest.raises(TrainingDiverged, match="in epoch 1"):
        network = nn.Linear(6, 2)
        nn.init.constant_(network.weight, float("inf"))
        train(network, TrainingConfig(max_epochs=2))


def test_the_networks_own_penalty_is_part_of_what_is_minimised():
    class Shrinking(nn.Linear):
        def penalty(self):
            return 100 * self.weight.abs().sum()

    torch.manual_seed(0)
    plain, shrinking = nn.Linear(6, 2), Shrinking(6, 2)
    for network in (plain, shrinking):
        train(network, TrainingConfig(max_epochs=60, patience=60, learning_rate=0.01))
    assert shrinking.weight.abs().sum() < 0.1 * plain.weight.abs().sum()


def test_adam_takes_its_epsilon(monkeypatch):
    given = {}
    original = torch.optim.Adam

    def spy(parameters, **options):
        given.update(options)
        return original(parameters, **options)

    monkeypatch.setattr(torch.optim, "Adam", spy)
    train(nn.Linear(6, 2), TrainingConfig(max_epochs=1, adam_epsilon=1e-4, learning_rate=0.1))
    assert (given["lr"], given["eps"]) == (0.1, 1e-4)


def test_the_last_epoch_is_kept_on_request():
    torch.manual_seed(0)
    network = nn.Linear(6, 2)
    config = TrainingConfig(max_epochs=5, learning_rate=1.0, patience=2)
    curve = train(network, config, keeps_last=True)
    assert curve.best_epoch == len(curve.validation_rmse) == 5
    held_out = windows(SONGS[15:])
    error = pooled_rmse(held_out, predict_windows(network, held_out))
    assert error == pytest.approx(curve.validation_rmse[-1])
    assert error > min(curve.validation_rmse)
