"""Random memories with a ridge readout, against a loop and scikit-learn's ridge."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from benchmark.search.space import probes
from models.registry import MODELS
from models.reservoir import Reservoir, ReservoirConfig
from tests.conftest import make_split

SPLIT = make_split()


class Seeds:
    """Stands where the harness lends its trainer: seeds are all that is asked for."""

    def __init__(self, seed=5):
        self.number = seed

    def seed(self, name):
        return self.number


def fitted(seed=5, **settings):
    model = Reservoir(n_features=6, config=ReservoirConfig(**{"states": 9} | settings))
    model.fit(SPLIT.development, Seeds(seed))
    return model


def test_predictions_are_those_of_a_loop_and_of_scikit_learns_ridge():
    settings = {"shortest_seconds": 2.0, "longest_seconds": 32.0, "gain": 2.0, "alphas": (3.0,)}
    model = fitted(states=5, **settings)
    frames = np.concatenate([song.features for song in SPLIT.development]).astype(float)
    random_FN = np.random.default_rng(5).normal(0, 2 / np.sqrt(6), (6, 5))
    decays = [np.exp(-0.5 / seconds) for seconds in (2, 4, 8, 16, 32)]

    def columns(song):
        scaled = (song.features - frames.mean(axis=0)) / frames.std(axis=0)
        inputs, rows = scaled @ random_FN, []
        for t in range(len(inputs)):
            powers = np.array([[decay ** (t - s) for decay in decays] for s in range(t + 1)])
            rows.append(np.tanh((powers * inputs[: t + 1]).sum(axis=0) / powers.sum(axis=0)))
        return np.hstack([scaled, rows])

    table = np.concatenate([columns(song) for song in SPLIT.development])
    labels = np.concatenate([song.annotations for song in SPLIT.development])
    mean, deviation = table.mean(axis=0), table.std(axis=0)
    ridge = Ridge(alpha=3.0).fit((table - mean) / deviation, labels)
    for song, predicted in zip(SPLIT.evaluation, model.predict(SPLIT.evaluation), strict=True):
        expected = ridge.predict((columns(song) - mean) / deviation)
        assert predicted == pytest.approx(expected, abs=1e-5)


def test_later_frames_change_no_bit_of_a_prediction():
    model, (_, _, song) = fitted(), SPLIT.evaluation
    other = make_split(lengths=(33, 20, 33)).evaluation[2]
    changed = np.concatenate([song.features[:20], other.features[20:] + 3])
    later = type(song)(song.song_id, changed, song.annotations, song.times)
    before, after = model.predict([song])[0], model.predict([later])[0]
    assert (before[:20] == after[:20]).all()
    assert (before[20:] != after[20:]).any()


@pytest.mark.parametrize("variant", ["", *MODELS["reservoir"].variants])
def test_learned_weights_are_counted_and_random_ones_are_not(variant):
    row = MODELS["reservoir"]
    form = row.variants[variant] if variant else row
    config = ReservoirConfig(**form.settings if variant else {})
    assert form.parameters == 2 * (260 + config.states) + 2 <= 10_000
    model = fitted()
    assert model.other_parameters() == {"ridge": 2 * (6 + 9) + 2}
    assert model.other_flops() == 2 * (6 + 9) + 6 * 9 + 9


def test_no_member_of_the_space_has_more_than_ten_thousand_parameters():
    for values in probes(MODELS["reservoir"].spaces["wide"], {}):
        assert 2 * (260 + values["reservoir.states"]) + 2 <= 10_000


def test_each_target_may_have_its_own_penalty():
    alphas = (1e-3, 1e6)
    each = [fitted(alphas=(alpha,)).weights_P2 for alpha in alphas]
    chosen = fitted(alphas=alphas, penalty_per_target=True).weights_P2
    for target in range(2):
        assert any(np.array_equal(chosen[:, target], one[:, target]) for one in each)
