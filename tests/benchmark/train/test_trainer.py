"""No leakage: what a model is fitted with, and what it is not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.errors import ConfigError, DeviceError
from benchmark.plan.config import StudyConfig, TrainingConfig
from benchmark.plan.expand import expand
from benchmark.plan.protocol import ProtocolConfig
from benchmark.train.device import choose_device
from benchmark.train.estimate import StepTimes, estimate
from benchmark.train.trainer import CellTrainer
from datasets.contract import Song, Split
from models.registry import ModelEntry
from tests.conftest import make_song, make_split
from tests.small_models import fitted, make_cell


def test_scaling_is_learned_from_training_songs_alone():
    training = [make_song(f"t{index}", 20) for index in range(8)]
    songs = [make_song(f"v{index}", 20) for index in range(3)]
    validation = [replace(song, features=song.features + 1000) for song in songs]
    trainer = CellTrainer(make_cell("crnn"), "cpu", lambda progress: None)
    from tests.small_models import build

    network = trainer.fit(
        lambda: build("crnn"), training, validation, sequence_length=10, name="network"
    )
    frames = np.concatenate([song.features for song in training])
    assert network.scaler.mean == pytest.approx(frames.mean(axis=0), abs=1e-6)
    assert network.scaler.deviation == pytest.approx(frames.std(axis=0), abs=1e-6)


def test_a_single_network_stops_on_a_fifth_of_the_songs(monkeypatch):
    seen = []
    original = CellTrainer.fit

    def spy(self, build, training, validation, **options):
        seen.append(([s.song_id for s in training], [s.song_id for s in validation]))
        return original(self, build, training, validation, **options)

    monkeypatch.setattr(CellTrainer, "fit", spy)
    split = make_split(n_development=25)
    for name in ("crnn", "blstm"):
        fitted(name, split)
    (training, validation), other = seen
    assert (len(training), len(validation)) == (20, 5)
    assert not set(training) & set(validation)
    assert other == (training, validation)  # models of a repetition share the split


def test_inputs_shuffled_across_songs_fall_back_to_the_constant():
    """A harness that leaked annotations would still predict them."""
    split = make_split(n_development=80, lengths=(20,) * 20)

    def shuffled(songs: tuple[Song, ...]) -> tuple[Song, ...]:
        return tuple(
            Song(song.song_id, other.features, song.annotations, song.times)
            for song, other in zip(songs, (*songs[1:], songs[0]), strict=True)
        )

    broken = Split(shuffled(split.development), shuffled(split.evaluation))
    training = TrainingConfig(batch_size=16, learning_rate=3e-3, max_epochs=40, patience=5)

    def error(name: str, songs: Split) -> float:
        predicted = np.concatenate(fitted(name, songs, training=training).predict(songs.evaluation))
        annotations = np.concatenate([song.annotations for song in songs.evaluation])
        return float(np.sqrt(np.mean((predicted - annotations) ** 2)))

    floor = error("constant", broken)
    assert error("crnn", split) < 0.5 * floor
    assert error("crnn", broken) == pytest.approx(floor, rel=0.15)
    assert error("crnn", broken) > 0.95 * floor


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda features: features[..., :3], r"to \(1, 10, 3\); expected \(1, 10, 2\)"),
        (lambda features: features[:, :5, :2], r"expected \(1, 10, 2\)"),
        (lambda features: (features, None), "to tuple; expected"),
        (lambda features: features @ features, "fails on features"),
    ],
)
def test_a_network_that_breaks_the_contract_is_explained(registries, split, forward, message):
    from torch import nn

    from models.registry import MODELS

    class Broken(nn.Module):
        def __init__(self, *, n_features):
            super().__init__()
            self.weight = nn.Parameter(nn.Linear(1, 1).weight.detach())

        def forward(self, features):
            return forward(features)

    MODELS["broken"] = ModelEntry(target=Broken, summary="breaks the contract")
    with pytest.raises(ConfigError, match=message):
        fitted("broken", split)


def test_an_estimate_prices_every_network_a_model_trains(split):
    known = StepTimes()
    single = estimate(make_cell("blstm"), split, "cpu", "plain", known)
    ensemble = estimate(make_cell("blstm_ensemble"), split, "cpu", "plain", known)
    floor = estimate(make_cell("constant", training=None), split, "cpu", "plain", known)
    assert (single.n_networks, single.n_epochs) == (1, 2)
    assert ensemble.n_networks == 3 + 2 * 3  # first layers of three folds, two lengths of each
    assert ensemble.seconds > 0
    assert (floor.n_networks, floor.seconds) == (0, 0.0)


def test_an_estimate_prices_every_fold(split):
    folds = ProtocolConfig(folds=4)
    assert (
        estimate(make_cell("crnn", protocol=folds), split, "cpu", "plain", StepTimes()).n_networks
        == 4
    )


@pytest.mark.parametrize(("wanted", "window"), [(None, 10), (7, 7), ("whole", 33)])
def test_songs_are_predicted_in_windows_of_the_test_length(split, wanted, window):
    """A song's prediction equals the network's on each window of that length, one by one."""
    protocol = ProtocolConfig(test_sequence_length=wanted)
    single = fitted("crnn", split, protocol=protocol).fitted
    song = split.evaluation[2]  # 33 frames: the last window is shorter, and nothing is padded
    features = torch.from_numpy(single.scaler.apply(song.features))
    pieces = [single.network(piece[None])[0] for piece in torch.split(features, window)]
    expected = torch.cat(pieces).detach().numpy()
    assert single.predict([song])[0] == pytest.approx(expected, abs=1e-6)
    beside_others = single.predict(split.evaluation)[2]
    assert beside_others == pytest.approx(expected, abs=1e-6)


def test_an_autoencoder_is_trained_on_its_own_scaled_features(split):
    trainer = CellTrainer(make_cell("crnn"), "cpu", lambda progress: None)
    songs = list(split.development)
    trainer.fit(
        lambda: torch.nn.Linear(6, 6), songs[:20],
        songs[20:], sequence_length=10, name="copy", target="features",
    )  # fmt: skip
    assert 0 < trainer.curves["copy"].validation_rmse[-1] < 2


def test_an_estimate_tells_batch_sizes_apart(split):
    known = StepTimes()
    for batch_size in (4, 16):
        training = replace(make_cell("crnn").training, batch_size=batch_size)
        estimate(make_cell("crnn", training=training), split, "cpu", "plain", known)
    assert {place[-1] for place in known} == {4, 16}


def test_an_estimate_takes_all_songs_where_a_few_are_too_few():
    training = replace(make_cell("crnn").training, validation_fraction=0.98)
    many = make_split(n_development=96)
    assert (
        estimate(make_cell("crnn", training=training), many, "cpu", "plain", StepTimes()).n_networks
        == 1
    )


def test_an_estimate_grows_with_the_songs():
    known = StepTimes()
    few, many = (
        estimate(make_cell("crnn"), make_split(n_development=n), "cpu", "plain", known).seconds
        for n in (48, 480)
    )
    assert many / few == pytest.approx(10, rel=0.15)


def test_a_device_that_is_not_here_is_explained():
    with pytest.raises(DeviceError, match="not one of auto, cpu, cuda, mps"):
        choose_device("tpu")
    assert choose_device("cpu").name == "cpu"


def test_unknown_settings_of_a_model_are_refused():
    study = StudyConfig(name="mine", models=("crnn",), set={"crnn.dropuot": 0.5})
    with pytest.raises(ConfigError, match="Did you mean 'dropout'"):
        expand(study, "digest")
