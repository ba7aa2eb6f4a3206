"""Six networks, and a fusion that learns only from songs its networks never trained on."""

from dataclasses import dataclass

import numpy as np
import pytest
from torch import nn

from benchmark.evaluate.complexity import count_parameters
from models.blstm_ensemble import BLSTMEnsemble, BLSTMEnsembleConfig
from models.fusion import Fusion
from tests.conftest import make_song

SONGS = [make_song(f"s{index}", 20) for index in range(24)]
CONFIG = BLSTMEnsembleConfig(layers=3, units=4)
IN_FOLD = 0.9  # what a spy network predicts for a song it trained on


@dataclass
class Spy:
    """Stands for a trained network; tells by its prediction whether it trained on the song."""

    network: nn.Module
    trained_on: set
    length: int
    stopped_on: set
    target: str
    name: str

    def predict(self, songs):
        rng = np.random.default_rng(self.length)
        return [
            np.full((song.n_frames, 2), IN_FOLD, dtype=np.float32)
            if song.song_id in self.trained_on
            else (song.annotations + rng.normal(0, 0.02, song.annotations.shape)).astype(np.float32)
            for song in songs
        ]


class SpyTrainer:
    """Remembers what was trained on what."""

    def __init__(self):
        self.spies = []

    def seed(self, name):
        return sum(map(ord, name))

    def fit(self, build, training, validation, *, sequence_length, name, target="annotations"):
        ids = [{song.song_id for song in songs} for songs in (training, validation)]
        self.spies.append(Spy(build(), ids[0], sequence_length, ids[1], target, name))
        return self.spies[-1]

    @property
    def shallow(self):
        return [spy for spy in self.spies if spy.name.startswith("first layers")]

    @property
    def deep(self):
        return [spy for spy in self.spies if not spy.name.startswith("first layers")]


def fit_spies(**settings):
    trainer = SpyTrainer()
    ensemble = BLSTMEnsemble(
        n_features=6, config=BLSTMEnsembleConfig(layers=3, units=4, **settings)
    )
    ensemble.fit(SONGS, trainer)
    return ensemble, trainer


@pytest.fixture
def recorder(monkeypatch):
    """Fit an ensemble of spies; return it, its trainer and everything the fusion was shown."""
    shown = []
    fit = Fusion.fit

    def listening(self, inputs, labels, seed):
        shown.append((inputs, labels))
        fit(self, inputs, labels, seed)

    monkeypatch.setattr(Fusion, "fit", listening)
    trainer = SpyTrainer()
    ensemble = BLSTMEnsemble(n_features=6, config=CONFIG)
    ensemble.fit(SONGS, trainer)
    return ensemble, trainer, shown


def test_the_fusion_never_sees_an_in_fold_prediction(recorder):
    _, _, shown = recorder
    ((inputs, labels),) = shown
    assert inputs.shape == (sum(song.n_frames for song in SONGS), 2, 4)
    assert not (inputs == np.float32(IN_FOLD)).any()
    assert np.abs(inputs - labels[..., None]).max() < 0.2


def test_no_network_trains_on_the_songs_it_stops_on(recorder):
    _, trainer, _ = recorder
    assert all(not spy.trained_on & spy.stopped_on for spy in trainer.spies)
    assert all(len(spy.trained_on | spy.stopped_on) == len(SONGS) for spy in trainer.spies)


def test_every_length_is_trained_once_without_each_sixth(recorder):
    _, trainer, _ = recorder
    trained = {(spy.length, frozenset(spy.stopped_on)) for spy in trainer.deep}
    assert len(trained) == len(trainer.deep) == 4 * 6


def test_six_members_read_the_paper_s_lengths_and_hold_out_six_different_sixths(recorder):
    ensemble, _, _ = recorder
    assert [member.length for member in ensemble.members] == [10, 20, 30, 60, 10, 10]
    held_out = [frozenset(member.stopped_on) for member in ensemble.members]
    assert len(set(held_out)) == 6
    assert frozenset.union(*held_out) == {song.song_id for song in SONGS}


def test_members_of_one_length_are_one_input_of_the_fusion(recorder):
    ensemble, _, _ = recorder
    (inputs,) = ensemble._fusion_inputs(ensemble._member_predictions(SONGS[:1]))
    tens = [k for k, length in enumerate(CONFIG.sequence_lengths) if length == 10]
    expected = np.mean([ensemble.members[k].predict(SONGS[:1])[0] for k in tens], axis=0)
    assert inputs[..., 0] == pytest.approx(expected)


def test_the_fusion_repeats_good_voices(recorder):
    ensemble, _, _ = recorder
    for spy in ensemble.members:
        spy.trained_on = set()
    error = np.concatenate(ensemble.predict(SONGS)) - np.concatenate(
        [song.annotations for song in SONGS]
    )
    assert np.sqrt(np.mean(error**2)) < 0.1


def test_the_fusion_is_counted_too(recorder):
    ensemble, _, _ = recorder
    parts = ensemble.other_parameters()
    assert parts.keys() == {"svr", "ann"}  # the extreme learning machine takes no part
    # per target: 14 hidden units on 4 inputs, one output
    assert parts["ann"] == 2 * (14 * (4 + 1) + 14 + 1)
    vectors = [pipeline[-1].support_vectors_ for pipeline in ensemble.fusion.regressors["svr"]]
    assert parts["svr"] == sum(len(one) + 1 for one in vectors)
    assert ensemble.other_flops() == sum(one.size + len(one) for one in vectors) + 2 * 14 * 5


def test_the_default_ensemble_has_the_paper_s_twelve_million():
    ensemble = BLSTMEnsemble(n_features=260, config=BLSTMEnsembleConfig())
    trainer = SpyTrainer()
    ensemble.fit(SONGS, trainer)
    assert count_parameters(ensemble.networks()) == 6 * 1_980_930


def test_first_layers_are_trained_once_per_sixth_and_never_on_it(recorder):
    _, trainer, _ = recorder
    assert len(trainer.shallow) == 6
    assert {spy.length for spy in trainer.shallow} == {10}
    for spy in trainer.shallow:
        assert spy.network.lstm.num_layers == 2
        assert not spy.trained_on & spy.stopped_on


def test_a_network_begins_with_the_first_layers_of_its_own_sixth(recorder):
    _, trainer, _ = recorder
    first_layers = {frozenset(spy.stopped_on): spy.network.lstm for spy in trainer.shallow}
    for spy in trainer.deep:
        source = first_layers[frozenset(spy.stopped_on)].state_dict()
        copied = spy.network.lstm.state_dict()
        assert all((copied[name] == value).all() for name, value in source.items())
        assert spy.network.lstm.num_layers == 3


def test_an_autoencoder_learns_to_return_its_features():
    _, trainer = fit_spies(pretraining="autoencoder", fusion="mean")
    assert {spy.target for spy in trainer.shallow} == {"features"}
    assert {spy.network.head.out_features for spy in trainer.shallow} == {6}
    assert {spy.target for spy in trainer.deep} == {"annotations"}


def test_without_pre_training_only_deep_networks_are_trained():
    _, trainer = fit_spies(pretraining="none", fusion="mean")
    assert trainer.shallow == []


@pytest.mark.parametrize("fusion", ["mean", "best"])
def test_without_regressors_six_trainings_are_enough(fusion):
    ensemble, trainer = fit_spies(fusion=fusion)
    assert len(trainer.deep) == 6
    assert ensemble.other_parameters() == {}
    assert len(ensemble.networks()) == {"mean": 6, "best": 1}[fusion]


def test_the_plain_mean_is_the_mean_of_six_members():
    ensemble, _ = fit_spies(fusion="mean")
    members = [member.predict(SONGS[:2]) for member in ensemble.members]
    for index, predicted in enumerate(ensemble.predict(SONGS[:2])):
        assert predicted == pytest.approx(np.mean([one[index] for one in members], axis=0))


def test_the_best_member_improves_most_on_a_constant_on_its_own_sixth():
    ensemble, _ = fit_spies(fusion="best")
    errors = []
    for member in ensemble.members:
        unseen = [song for song in SONGS if song.song_id in member.stopped_on]
        seen = [song for song in SONGS if song.song_id in member.trained_on]
        predicted = np.concatenate(member.predict(unseen))
        truth = np.concatenate([song.annotations for song in unseen])
        mean = np.concatenate([song.annotations for song in seen]).mean(axis=0)
        errors.append(np.sqrt(np.mean((predicted - truth) ** 2) / np.mean((mean - truth) ** 2)))
    assert ensemble.errors == pytest.approx(errors)
    assert ensemble.networks() == [ensemble.members[int(np.argmin(errors))].network]


def test_the_prediction_is_the_mean_of_the_parts_that_are_asked_for(recorder):
    ensemble, _, _ = recorder
    parts = ensemble.components(SONGS[:2])
    assert list(parts)[-5:] == ["best", "mean", "svr", "ann", "elm"]
    for index, predicted in enumerate(ensemble.predict(SONGS[:2])):
        expected = (parts["svr"][index] + parts["ann"][index]) / 2
        assert predicted == pytest.approx(expected, abs=1e-6)


def test_an_impossible_ensemble_is_refused():
    with pytest.raises(ValueError, match="pretrained_layers=2 exceeds layers=1"):
        BLSTMEnsembleConfig(layers=1)
    with pytest.raises(ValueError, match="names a part twice: svr,svr"):
        BLSTMEnsembleConfig(fusion=("svr", "svr"))
