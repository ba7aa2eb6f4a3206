"""Six networks, and a fusion that hears only songs its networks never trained on."""

from dataclasses import dataclass

import numpy as np
import pytest
from torch import nn

from benchmark.evaluate.complexity import count_parameters
from models.blstm_ensemble import BLSTMEnsemble, BLSTMEnsembleConfig
from tests.conftest import make_song

SONGS = [make_song(f"s{index}", 20) for index in range(24)]
CONFIG = BLSTMEnsembleConfig(layers=1, units=4)
IN_FOLD = 0.9  # what a spy network predicts for a song it trained on


@dataclass
class Spy:
    """Stands for a trained network; tells by its prediction whether it trained on the song."""

    network: nn.Module
    trained_on: set
    length: int
    stopped_on: set

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

    def fit(self, build, training, validation, *, sequence_length, name):
        ids = [{song.song_id for song in songs} for songs in (training, validation)]
        self.spies.append(Spy(build(), ids[0], sequence_length, ids[1]))
        return self.spies[-1]


@pytest.fixture
def heard(monkeypatch):
    """Fit an ensemble of spies; return it, its trainer and everything the fusion was shown."""
    shown = []
    regressors = BLSTMEnsemble._regressors

    def listening(self, seed):
        pipelines = regressors(self, seed)
        fit = pipelines[0].fit
        pipelines[0].fit = lambda voices, labels: (
            shown.append((voices, labels)),
            fit(voices, labels),
        )[1]
        return pipelines

    monkeypatch.setattr(BLSTMEnsemble, "_regressors", listening)
    trainer = SpyTrainer()
    ensemble = BLSTMEnsemble(n_features=6, config=CONFIG)
    ensemble.fit(SONGS, trainer)
    return ensemble, trainer, shown


def test_the_fusion_never_sees_an_in_fold_prediction(heard):
    _, _, shown = heard
    assert len(shown) == 2  # valence and arousal
    for voices, labels in shown:
        assert voices.shape == (sum(song.n_frames for song in SONGS), 4)
        assert not (voices == np.float32(IN_FOLD)).any()
        assert np.abs(voices - labels[:, None]).max() < 0.2


def test_no_network_trains_on_the_songs_it_stops_on(heard):
    _, trainer, _ = heard
    assert all(not spy.trained_on & spy.stopped_on for spy in trainer.spies)
    assert all(len(spy.trained_on | spy.stopped_on) == len(SONGS) for spy in trainer.spies)


def test_every_length_is_trained_once_without_each_sixth(heard):
    _, trainer, _ = heard
    trained = {(spy.length, frozenset(spy.stopped_on)) for spy in trainer.spies}
    assert len(trained) == len(trainer.spies) == 4 * 6


def test_six_members_read_the_paper_s_lengths_and_hold_out_six_different_sixths(heard):
    ensemble, _, _ = heard
    assert [member.length for member in ensemble.members] == [10, 20, 30, 60, 10, 10]
    held_out = [frozenset(member.stopped_on) for member in ensemble.members]
    assert len(set(held_out)) == 6
    assert frozenset.union(*held_out) == {song.song_id for song in SONGS}


def test_members_of_one_length_speak_with_one_voice(heard):
    ensemble, _, _ = heard
    (voices,) = ensemble.voices(SONGS[:1])
    tens = [k for k, length in enumerate(CONFIG.sequence_lengths) if length == 10]
    expected = np.mean([ensemble.members[k].predict(SONGS[:1])[0] for k in tens], axis=0)
    assert voices[..., 0] == pytest.approx(expected)


def test_the_fusion_repeats_good_voices(heard):
    ensemble, _, _ = heard
    for spy in ensemble.members:
        spy.trained_on = set()
    error = np.concatenate(ensemble.predict(SONGS)) - np.concatenate(
        [song.annotations for song in SONGS]
    )
    assert np.sqrt(np.mean(error**2)) < 0.1


def test_the_fusion_is_counted_too(heard):
    ensemble, _, _ = heard
    parts = ensemble.other_parameters()
    # per target: 14 hidden units on 4 voices, one output
    assert parts["ann"] == 2 * (14 * (4 + 1) + 14 + 1)
    vectors = [pipeline[-1].support_vectors_ for pipeline, _ in ensemble.fusion]
    assert parts["svr"] == sum(len(one) + 1 for one in vectors)
    assert ensemble.other_flops() == sum(one.size + len(one) for one in vectors) + 2 * 14 * 5


def test_the_default_ensemble_has_the_paper_s_twelve_million():
    ensemble = BLSTMEnsemble(n_features=260, config=BLSTMEnsembleConfig())
    trainer = SpyTrainer()
    ensemble.fit(SONGS, trainer)
    assert count_parameters(ensemble.networks()) == 6 * 1_980_930
