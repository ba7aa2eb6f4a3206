"""Each regressor learns a known function, and is counted part by part."""

import numpy as np
import pytest

from models.fusion import REGRESSORS, FusionConfig
from models.fusion_weights import (
    StoredRegressor,
    flops_per_frame,
    learned_arrays,
    learned_parameters,
)

RNG = np.random.default_rng(0)
VOICES = RNG.normal(0, 0.3, (3000, 4))
TRUTH = VOICES.mean(axis=1)
LEARNED = {"svr": 0.1, "ann": 0.5, "elm": 0.2}  # error as a share of what there is to learn


def fitted(kind, **settings):
    return REGRESSORS[kind](FusionConfig(**settings), 4, 1).fit(VOICES, TRUTH)


@pytest.mark.parametrize("kind", REGRESSORS)
def test_a_regressor_learns_the_mean_of_its_voices(kind):
    unseen = RNG.normal(0, 0.3, (100, 4))
    error = fitted(kind, svr_epsilon=0.001).predict(unseen) - unseen.mean(axis=1)
    assert np.sqrt(np.mean(error**2)) < LEARNED[kind] * unseen.mean(axis=1).std()


@pytest.mark.parametrize("kind", REGRESSORS)
def test_the_same_seed_draws_the_same_regressor(kind):
    assert (fitted(kind).predict(VOICES) == fitted(kind).predict(VOICES)).all()


def test_the_extreme_learning_machine_is_least_squares_on_random_sigmoids():
    elm = fitted("elm", elm_units=7)
    scaled = (VOICES - VOICES.mean(axis=0)) / VOICES.std(axis=0)
    rng = np.random.default_rng(1)
    weights, biases = rng.uniform(-1, 1, (4, 7)), rng.uniform(-1, 1, 7)
    hidden = 1 / (1 + np.exp(-(scaled @ weights + biases)))
    columns = np.column_stack([hidden, np.ones(len(hidden))])
    coefficients, *_ = np.linalg.lstsq(columns, TRUTH, rcond=None)
    assert elm.predict(VOICES) == pytest.approx(columns @ coefficients, abs=1e-9)


def test_what_was_learned_is_counted_and_what_was_drawn_is_not():
    elm = learned_arrays(fitted("elm", elm_units=7))
    assert learned_parameters(elm) == 7 + 1
    assert flops_per_frame(elm) == 4 * 7 + 7
    ann = learned_arrays(fitted("ann", ann_units=14))
    assert learned_parameters(ann) == 14 * (4 + 1) + 14 + 1
    assert flops_per_frame(ann) == 14 * 4 + 14
    svr = fitted("svr")
    n_vectors = len(svr[-1].support_vectors_)
    assert learned_parameters(learned_arrays(svr)) == n_vectors + 1
    assert flops_per_frame(learned_arrays(svr)) == n_vectors * (4 + 1)


@pytest.mark.parametrize("kind", REGRESSORS)
def test_the_arrays_of_a_regressor_predict_what_scikit_learn_predicts(kind):
    regressor = fitted(kind, svr_degree=2)
    unseen = RNG.normal(0, 0.3, (500, 4))
    stored = StoredRegressor(learned_arrays(regressor))
    assert stored.predict(unseen) == pytest.approx(regressor.predict(unseen), abs=1e-9)
