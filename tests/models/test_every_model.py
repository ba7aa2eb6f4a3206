"""The contract every registry row keeps."""

import numpy as np
import pytest
import torch

from benchmark.evaluate.predict import without_annotations
from benchmark.plan.cell import Cell
from benchmark.plan.config import TrainingConfig
from benchmark.plan.protocol import ProtocolConfig
from benchmark.train.trainer import CellTrainer, NetworkRestorer, build_estimator
from models.registry import MODELS
from tests.conftest import make_split

NETWORKS = [name for name, row in MODELS.items() if row.kind == "network"]
SMALL = {
    "blstm": {"layers": 2, "units": 8},
    "blstm_ensemble": {
        "layers": 2,
        "units": 4,
        "pretrained_layers": 1,
        "sequence_lengths": (5, 10, 5),
    },
}


def build(name, n_features=6, **settings):
    network_class = MODELS[name].load()
    torch.manual_seed(0)
    config = network_class.Config(**SMALL.get(name, {}) | settings)
    return network_class(n_features=n_features, config=config)


def make_cell(name, **changes):
    config_class = MODELS[name].config_class
    config = config_class(**SMALL.get(name, {})) if config_class else None
    training = TrainingConfig(max_epochs=2, batch_size=16)
    values = {
        "dataset": "test", "dataset_options": {}, "dataset_digest": "d" * 64, "features": "six",
        "model": name, "model_version": "1", "config": config, "settings": {},
        "training": training, "protocol": ProtocolConfig(), "sequence_length": 10,
        "repetition": 1, "base_seed": 7,
    }  # fmt: skip
    return Cell(**values | changes)


def fitted(name, split, **changes):
    cell = make_cell(name, **changes)
    trainer = CellTrainer(cell, "cpu", lambda progress: None)
    estimator = build_estimator(cell, split.n_features)
    estimator.fit(split.development, trainer)
    return estimator


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("n_frames", [1, 7, 60])
def test_networks_map_frames_to_two_targets(name, n_frames):
    assert build(name).eval()(torch.randn(3, n_frames, 6)).shape == (3, n_frames, 2)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_gets_a_finite_gradient(name):
    network = build(name, **({"dropout": 0.0} if "crnn" in name else {}))
    loss = network(torch.randn(4, 10, 6)).square().mean()
    (loss + (network.penalty() if hasattr(network, "penalty") else 0)).backward()
    for where, parameter in network.named_parameters():
        assert parameter.grad is not None, where
        assert torch.isfinite(parameter.grad).all(), where


@pytest.mark.parametrize("name", NETWORKS)
def test_a_prediction_does_not_depend_on_batch_neighbours(name):
    network = build(name).eval()
    batch = torch.randn(5, 12, 6)
    torch.testing.assert_close(network(batch)[2:3], network(batch[2:3]), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_weights_give_the_same_numbers(name, tmp_path):
    network, other = build(name).eval(), build(name).eval()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.1)
    torch.save(network.state_dict(), tmp_path / "weights")
    batch = torch.randn(2, 9, 6)
    assert not torch.equal(network(batch), other(batch))
    other.load_state_dict(torch.load(tmp_path / "weights", weights_only=True))
    assert torch.equal(network(batch), other(batch))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_predicts_every_frame_of_unseen_songs(name, split):
    predicted = fitted(name, split).predict(split.evaluation)
    assert [one.shape for one in predicted] == [(7, 2), (20, 2), (33, 2)]
    assert all(np.isfinite(one).all() for one in predicted)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_brought_back_from_its_arrays_predicts_the_same(name, split):
    before = fitted(name, split)
    after = build_estimator(make_cell(name), split.n_features)
    after.restore(
        {name: one.copy() for name, one in before.state().items()}, NetworkRestorer("cpu")
    )
    for one, other in zip(
        before.predict(split.evaluation), after.predict(split.evaluation), strict=True
    ):
        assert other == pytest.approx(one, abs=1e-6)
    assert after.other_parameters() == before.other_parameters()
    assert after.other_flops() == before.other_flops()


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_gives_the_same_numbers_bit_for_bit(name, split):
    torch.manual_seed(1)
    first = fitted(name, split).predict(split.evaluation)
    torch.manual_seed(2)  # whatever was drawn before must not matter
    second = fitted(name, split).predict(split.evaluation)
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", [name for name, row in MODELS.items() if row.uses_seed])
def test_another_repetition_gives_other_numbers(name, split):
    first, second = (
        fitted(name, split, repetition=repetition).predict(split.evaluation)
        for repetition in (1, 2)
    )
    assert any((a != b).any() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_songs_are_predicted_alike_with_and_without_their_annotations(name, split):
    estimator = fitted(name, split)
    for seen, unseen in zip(
        estimator.predict(split.evaluation),
        estimator.predict(without_annotations(split.evaluation)),
        strict=True,
    ):
        assert (seen == unseen).all()


def test_models_learn_what_the_features_plainly_say():
    split = make_split(n_development=60)
    constant, linear = (
        np.mean([
            np.abs(predicted - song.annotations).mean()
            for predicted, song in zip(
                fitted(name, split).predict(split.evaluation), split.evaluation, strict=True
            )
        ])
        for name in ("constant", "linear")
    )  # fmt: skip
    assert linear < 0.05 * constant
