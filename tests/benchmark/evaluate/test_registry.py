"""The table of metrics: what a row says of itself holds for its scores."""

import numpy as np
import pytest

from benchmark.evaluate.registry import MEASURES, METRICS, MetricEntry, all_names, metric_of
from benchmark.evaluate.scores import per_song_scores, summary_scores

RANDOM = np.random.default_rng(7)
ANNOTATIONS = [RANDOM.uniform(-1, 1, (n, 2)).astype(np.float32) for n in (5, 12, 30)]
NEAR, FAR = (
    [song + RANDOM.normal(0, scale, song.shape).astype(np.float32) for song in ANNOTATIONS]
    for scale in (0.1, 0.5)
)


@pytest.mark.parametrize("metric", METRICS)
def test_the_better_prediction_has_the_better_score_under_every_convention(metric):
    near, far = summary_scores(ANNOTATIONS, NEAR), summary_scores(ANNOTATIONS, FAR)
    perfect = summary_scores(ANNOTATIONS, ANNOTATIONS)
    entry = METRICS[metric]
    for suffix in entry.suffixes:
        for measure in MEASURES:
            name = f"{metric}_{measure}{suffix}"
            is_lower = near[name] < far[name]
            assert is_lower is (entry.better == "lower")
            assert perfect[name] == pytest.approx(0.0 if entry.better == "lower" else 1.0)


@pytest.mark.parametrize("metric", [name for name, entry in METRICS.items() if entry.frames])
def test_a_pooled_score_with_an_interval_follows_from_those_of_songs(metric):
    songs = np.array(per_song_scores(ANNOTATIONS, NEAR)[f"{metric}_valence"])
    frames = np.array([len(song) for song in ANNOTATIONS])
    is_root = METRICS[metric].frames == "root mean square"
    expected = np.average(songs**2, weights=frames) ** 0.5 if is_root else np.average(
        songs, weights=frames
    )  # fmt: skip
    pooled = summary_scores(ANNOTATIONS, NEAR)[f"{metric}_valence"]
    assert pooled == pytest.approx(expected, rel=1e-6)


def test_every_score_is_named_once_and_leads_back_to_its_metric():
    names = all_names()
    assert set(names) == set(summary_scores(ANNOTATIONS, NEAR))
    assert len(set(names)) == len(names)
    assert {metric_of(name) for name in names} == set(METRICS)


@pytest.mark.parametrize("value", [np.nan, np.inf, "good", [1.0]])
def test_what_is_no_finite_number_is_no_score(value):
    broken = MetricEntry(lambda *_: value, heading="Mine", summary="", better="higher")
    with pytest.raises(ValueError, match=r"metric 'Mine' returned .*, not a finite number"):
        broken.checked_score(ANNOTATIONS[0][:, 0], NEAR[0][:, 0])


def test_a_metric_that_writes_or_fails_changes_no_other_score(registries):
    def spoil(annotations, predictions):
        predictions -= predictions.mean()

    before = summary_scores(ANNOTATIONS, NEAR), per_song_scores(ANNOTATIONS, NEAR)
    METRICS["spoil"] = MetricEntry(spoil, "Spoil", "", "lower", pooled="frames")
    METRICS["negative"] = MetricEntry(lambda *_: -1.0, "Below", "", "lower")
    after = summary_scores(ANNOTATIONS, NEAR), per_song_scores(ANNOTATIONS, NEAR)
    for old, new in zip(before, after, strict=True):
        assert {name: new[name] for name in old} == old
    assert after[0]["spoil_average"] is after[0]["negative_average_per_song"] is None
