"""How far features lie outside what was learned from."""

import numpy as np
import pytest

from datasets.contract import Song
from datasets.ranges import SHARE, TOLERANCE, FeatureRange

FIRST_ANNOTATED = 30  # half seconds before DEAM's first annotation


def song(name, rows, first_seconds=0.0):
    features = np.array(rows, np.float32)
    times = first_seconds + 0.5 * np.arange(len(features))
    return Song(name, features, np.zeros((len(features), 2), np.float32), times)


LEARNED = FeatureRange.of([song("a", [[0, 5], [4, 5]]), song("b", [[10, 5]], 2.0)])


def test_the_range_is_that_of_all_frames_of_all_songs():
    assert LEARNED.low.tolist() == [0, 5]
    assert LEARNED.high.tolist() == [10, 5]
    assert LEARNED.first_seconds == 0


@pytest.mark.parametrize(
    ("frame", "distance", "column"),
    [
        ([10, 5], 0.0, 0),
        ([12, 5], 0.2, 0),
        ([16, 5], 0.6, 0),
        ([-30, 5], -3.0, 0),
        ([10, 5.4], 0.4, 1),  # never varied: in its own units
        ([12, 3], -2.0, 1),
    ],
)
def test_a_value_outside_is_measured_in_learned_ranges(frame, distance, column):
    outside = LEARNED.outside(np.array([frame], np.float32))
    assert outside.distance == pytest.approx(distance, rel=1e-6)
    assert outside.column == column
    assert outside.is_constant == (column == 1)
    assert outside.n_frames == (abs(distance) > TOLERANCE)


def test_the_worst_frame_is_counted_from_the_start_of_the_recording():
    rows = np.array([[1, 5], [20, 5], [-40, 5], [2, 5]], np.float32)
    outside = LEARNED.outside(rows, first=30)
    assert (outside.n_frames, outside.n_counted, outside.frame) == (2, 4, 32)
    assert outside.distance == pytest.approx(-4)


def test_one_frame_in_twenty_is_what_a_song_may_have_outside():
    rows = np.full((40, 2), 5, np.float32)
    rows[:2, 0] = 100
    assert not LEARNED.outside(rows).is_much  # 2 of 40
    rows[2, 0] = 100
    assert LEARNED.outside(rows).is_much
    assert SHARE == 0.05


def test_a_start_that_nothing_was_learned_from_is_not_compared():
    late = FeatureRange.of([song("a", [[0], [1]], first_seconds=15.0)])
    assert late.first_frame(90) == 30
    assert late.first_frame(31) == 30
    assert late.first_frame(30) == 0  # nothing else is there


@pytest.mark.parametrize(
    ("low", "high"), [([1.0, 2.0], [2.0, 1.0]), ([0.0, np.nan], [1.0, 1.0]), ([0.0], [1.0, 1.0])]
)
def test_what_is_no_range_is_refused(low, high):
    with pytest.raises(ValueError, match=r"form no range|inhomogeneous shape"):
        FeatureRange(np.array(low), np.array(high))


@pytest.mark.parametrize(("features", "n_outside"), [("baseline", 2), ("logmel", 0)])
def test_few_real_clips_lie_outside_nine_others(clip_features, features, n_outside):
    """The false alarms that the module tells of, at the fewest songs one could learn from."""
    clips = [
        song(str(song_id), rows[FIRST_ANNOTATED:], 15.0)
        for song_id, rows in clip_features(features).items()
    ]
    assert len(clips) == 10
    alarms = [
        FeatureRange.of([other for other in clips if other is not clip])
        .outside(clip.features)
        .is_much
        for clip in clips
    ]
    assert sum(alarms) == n_outside
