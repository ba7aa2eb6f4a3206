import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from benchmark.evaluate.metrics import concordance, mae, pearson_r, r_squared, rmse
from benchmark.evaluate.scores import per_song_scores, summary_scores

SERIES = arrays(float, 20, elements=st.floats(-1, 1).map(lambda value: round(value, 3)))


def song(valence, arousal):
    return np.stack([valence, arousal], axis=1).astype(np.float32)


def test_rmse_and_mae_by_hand():
    target, predicted = np.array([0.0, 0.0, 0.0, 0.0]), np.array([0.3, -0.3, 0.5, 0.5])
    assert rmse(target, predicted) == pytest.approx(np.sqrt((0.09 + 0.09 + 0.25 + 0.25) / 4))
    assert mae(target, predicted) == pytest.approx(0.4)


@given(target=SERIES, predicted=SERIES)
def test_pearson_r_is_scipys_where_both_vary(target, predicted):
    if target.std() > 1e-3 and predicted.std() > 1e-3:
        expected = stats.pearsonr(target, predicted).statistic
        assert pearson_r(target, predicted) == pytest.approx(expected, abs=1e-9)


def test_concordance_by_hand():
    target, predicted = np.array([0.0, 0.2, 0.4]), np.array([0.2, 0.4, 0.6])
    # same shape, shifted by .2: covariance = variance = .08 / 3
    variance = 0.08 / 3
    expected = 2 * variance / (2 * variance + 0.04)
    assert concordance(target, predicted) == pytest.approx(expected)
    assert pearson_r(target, predicted) == pytest.approx(1.0)


def test_r_squared_by_hand():
    target, predicted = np.array([0.0, 0.2, 0.4]), np.array([0.1, 0.2, 0.4])
    # squared errors .01, squares about the mean of .2: .04 + 0 + .04
    assert r_squared(target, predicted) == pytest.approx(1 - 0.01 / 0.08)
    assert r_squared(target, np.full(3, 0.2)) == pytest.approx(0.0)
    assert r_squared(np.full(3, 0.1), target) is None


def test_r_within_songs_does_not_see_the_level_of_a_song():
    course, opposite = np.array([-0.1, 0.0, 0.1]), np.array([0.1, 0.0, -0.1])
    annotations = [song(course + 0.5, course), song(course - 0.5, course)]
    predictions = [song(course - 0.2, course), song(course + 0.3, opposite)]
    scores = summary_scores(annotations, predictions)
    assert scores["within_song_r_valence"] == pytest.approx(1.0)
    assert scores["within_song_r_arousal"] == pytest.approx(0.0)  # one song follows, one opposes
    pooled = [np.concatenate([one[:, 0] for one in side]) for side in (annotations, predictions)]
    expected = stats.pearsonr(*pooled).statistic
    assert scores["pearson_r_valence"] == pytest.approx(expected, abs=1e-6)


def test_constant_annotations_have_no_correlation_and_constant_predictions_have_none():
    constant, moving = np.full(5, 0.1, dtype=np.float32), np.linspace(-1, 1, 5, dtype=np.float32)
    assert pearson_r(constant, moving) is None
    assert concordance(constant, moving) is None
    assert pearson_r(moving, constant) == 0.0
    assert concordance(moving, constant) == pytest.approx(0.0, abs=1e-9)


def test_both_conventions_by_hand():
    """One song of 4 frames off by .4, one of 12 frames exact."""
    annotations = [song(np.zeros(4), np.zeros(4)), song(np.zeros(12), np.zeros(12))]
    predictions = [song(np.full(4, 0.4), np.zeros(4)), song(np.zeros(12), np.full(12, 0.2))]
    scores = summary_scores(annotations, predictions)
    assert scores["rmse_valence"] == pytest.approx(np.sqrt(4 * 0.16 / 16))
    assert scores["rmse_valence_per_song"] == pytest.approx((0.4 + 0) / 2)
    assert scores["rmse_arousal"] == pytest.approx(np.sqrt(12 * 0.04 / 16))
    assert scores["rmse_arousal_per_song"] == pytest.approx((0 + 0.2) / 2)
    average = (scores["rmse_valence"] + scores["rmse_arousal"]) / 2
    assert scores["rmse_average"] == pytest.approx(average)


def test_per_song_scores_list_every_song_and_score():
    annotations = [song(np.linspace(0, 1, 5), np.zeros(5))] * 3
    scores = per_song_scores(annotations, annotations)
    assert scores["rmse_valence"] == [0.0, 0.0, 0.0]
    assert scores["ccc_valence"] == pytest.approx([1.0, 1.0, 1.0])
    assert scores["pearson_r_arousal"] == [None, None, None]
    assert set(scores) == {
        f"{name}_{target}"
        for name in ("rmse", "mae", "pearson_r", "ccc")
        for target in ("valence", "arousal")
    }


def test_nan_predictions_are_refused_not_scored():
    with pytest.raises(ValueError, match="diverged"):
        rmse(np.zeros(2), np.array([0.1, np.nan]))


def test_series_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="equal, filled series"):
        rmse(np.zeros(2), np.zeros(3))
