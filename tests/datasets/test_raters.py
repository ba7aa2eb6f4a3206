"""Panels of raters: trimmed means, halvings, and what a second panel would score."""

import numpy as np
import pytest

from benchmark.evaluate.registry import METRICS, metric_of
from benchmark.evaluate.scores import panel_scores, summary_scores
from datasets.raters import N_HALVINGS, Raters, trimmed_mean


def test_a_trimmed_mean_leaves_out_the_ends():
    values = np.array([[-1.0], [0.1], [0.2], [0.3], [9.0]])
    assert trimmed_mean(values, 0.2) == pytest.approx(np.array([0.2]))
    assert trimmed_mean(values, 0.1) == pytest.approx(np.array([8.6 / 5]))  # half a rater is none


def test_halves_share_no_rater_and_depend_on_the_songs_name_alone():
    curves = np.eye(7, dtype=np.float32)[:, :, None] * np.ones(2, np.float32)
    raters = Raters(curves)  # rater k says 1 at frame k alone
    for one, other in raters.halves("a"):
        assert [(one[:, 0] > 0).sum(), (other[:, 0] > 0).sum()] == [3, 3]
        assert not ((one > 0) & (other > 0)).any()
    assert len(raters.halves("a")) == N_HALVINGS
    pairs = zip(raters.halves("a"), Raters(curves).halves("a"), strict=True)
    assert all((one[0] == other[0]).all() for one, other in pairs)
    assert any(
        (one[0] != other[0]).any()
        for one, other in zip(raters.halves("a"), raters.halves("b"), strict=True)
    )


def test_the_raters_ceiling_is_what_a_second_panel_of_the_same_size_scores():
    """Raters are a true curve plus noise: a second panel of 30 can be drawn and scored."""
    rng = np.random.default_rng(1)
    n_songs, n_raters, n_frames, noise = 150, 30, 50, 0.1
    truth = [
        0.075 * rng.normal(size=2) + 0.025 * rng.normal(size=(n_frames, 2)) for _ in range(n_songs)
    ]

    def panel():
        return [
            (one + noise * rng.normal(size=(n_raters, n_frames, 2))).astype(np.float32)
            for one in truth
        ]

    first, second = panel(), panel()
    scores = panel_scores([Raters(one).halves(str(k)) for k, one in enumerate(first)])
    expected = summary_scores([one.mean(axis=0) for one in first],
                              [one.mean(axis=0) for one in second])  # fmt: skip
    assert scores["rmse_average"] == pytest.approx(noise * np.sqrt(2 / n_raters), rel=0.03)
    for name, value in expected.items():
        if METRICS[metric_of(name)].of_panel is None:
            assert scores[name] is None
        elif "average" in name:
            tolerance = 0.02 * value if name.startswith(("rmse", "mae")) else 0.006
            assert scores[name] == pytest.approx(value, abs=tolerance), name


@pytest.mark.parametrize(
    ("curves", "trim", "message"),
    [
        (np.zeros((1, 5, 2)), 0.0, r"at least two raters, got \(1, 5, 2\)"),
        (np.full((3, 5, 2), np.nan), 0.0, "NaN or values outside"),
        (np.full((3, 5, 2), 1.1), 0.0, "NaN or values outside"),
        (np.zeros((3, 5, 2)), 0.5, "trim=0.5: give a share of raters below 0.5"),
    ],
)
def test_impossible_raters_are_refused(curves, trim, message):
    with pytest.raises(ValueError, match=message):
        Raters(curves.astype(np.float32), trim)


def test_raters_who_contradict_each_other_have_no_agreement_to_correct():
    up = np.tile(np.linspace(-0.5, 0.5, 9)[:, None], 2)
    scores = panel_scores([Raters(np.stack([up, -up]).astype(np.float32)).halves("a")])
    assert scores["ccc_valence"] is None
    assert scores["pearson_r_average_per_song"] is None
    # the error of either against the other, over the root of 2
    assert scores["rmse_valence"] == pytest.approx(np.sqrt(np.mean((2 * up[:, 0]) ** 2) / 2))
