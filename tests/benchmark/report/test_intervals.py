"""The bootstrap against a loop that does the same thing song by song."""

import numpy as np
import pytest

from benchmark.report.intervals import bootstrap_intervals
from tests.benchmark.report.records import make_record

RNG = np.random.default_rng(4)
N_SONGS = 12
FRAMES = RNG.integers(60, 600, N_SONGS).tolist()


def cell(repetition, level=0.25, spread=0.08):
    errors = {
        f"rmse_{target}": (level + spread * RNG.uniform(-1, 1, N_SONGS)).tolist()
        for target in ("valence", "arousal")
    }
    songs = [f"e{index}" for index in range(N_SONGS)]
    per_song = {"song_id": songs, "n_frames": FRAMES, **errors}
    return make_record(repetition=repetition, per_song=per_song)


def one_draw(cells, rng):
    """Draw songs and repetitions; score the drawn frames as if they were the data."""
    songs = rng.integers(N_SONGS, size=N_SONGS)
    scores = []
    for chosen in rng.integers(len(cells), size=len(cells)):
        errors = np.array(cells[chosen].per_song["rmse_valence"])[songs]
        frames = np.array(FRAMES)[songs]
        scores.append((np.sqrt((frames * errors**2).sum() / frames.sum()), errors.mean()))
    return np.mean(scores, axis=0)


def test_intervals_equal_a_brute_force_bootstrap_of_both_conventions():
    cells = [cell(repetition) for repetition in (1, 2, 3)]
    rng = np.random.default_rng(9)
    draws = np.array([one_draw(cells, rng) for _ in range(4000)])
    intervals = bootstrap_intervals(cells)
    for column, name in enumerate(("rmse_valence", "rmse_valence_per_song")):
        expected = np.percentile(draws[:, column], [2.5, 97.5])
        assert intervals[name] == pytest.approx(expected, abs=0.003)


def test_the_average_is_drawn_on_the_same_songs_for_both_targets():
    one = cell(1)
    one.per_song["rmse_arousal"] = one.per_song["rmse_valence"]
    intervals = bootstrap_intervals([one])
    assert intervals["rmse_average"] == pytest.approx(intervals["rmse_valence"])


def test_songs_that_are_all_alike_leave_only_the_repetitions():
    cells = [cell(1, level=0.2, spread=0), cell(2, level=0.3, spread=0)]
    assert bootstrap_intervals(cells)["rmse_valence"] == pytest.approx((0.2, 0.3))


def test_the_same_records_give_the_same_interval():
    cells = [cell(1), cell(2)]
    assert bootstrap_intervals(cells) == bootstrap_intervals(cells)


def test_repetitions_that_judged_other_songs_are_refused():
    other = cell(2)
    other.per_song["song_id"] = ["x", *other.per_song["song_id"][1:]]
    with pytest.raises(ValueError, match="judged the same songs"):
        bootstrap_intervals([cell(1), other])
