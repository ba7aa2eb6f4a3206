"""Intervals against loops that do the same thing song by song, and their coverage."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmark.analysis.bootstrap import resampled_averages, studentised
from benchmark.analysis.intervals import bootstrap_intervals
from benchmark.analysis.resamples import (
    BLOCK,
    FEW,
    MANY,
    _block,
    _floats,
    blocks,
    n_for_intervals,
    stream_of,
    sums,
)
from benchmark.analysis.samples import samples, songs_of
from tests.benchmark.analysis.differences import bootstrap_differences
from tests.made_up_records import make_record
from tools.interval_coverage import World, coverage

RNG = np.random.default_rng(4)
N_SONGS = 12
FRAMES = RNG.integers(60, 600, N_SONGS).tolist()


def cell(repetition, level=0.25, spread=0.08, n_songs=N_SONGS, **changes):
    errors = {
        f"rmse_{target}": (level + spread * RNG.uniform(-1, 1, n_songs)).tolist()
        for target in ("valence", "arousal")
    }
    songs = [f"e{index}" for index in range(n_songs)]
    per_song = {"song_id": songs, "n_frames": FRAMES[:n_songs], **errors}
    return make_record(repetition=repetition, per_song=per_song, **changes)


def one_draw(cells, rng):
    """Draw songs and repetitions; score the drawn frames as if they were the data."""
    songs = rng.integers(N_SONGS, size=N_SONGS)
    scores = []
    for chosen in rng.integers(len(cells), size=len(cells)):
        for target in ("valence", "arousal"):
            errors = np.array(cells[chosen].per_song[f"rmse_{target}"])[songs]
            frames = np.array(FRAMES)[songs]
            scores.append((np.sqrt((frames * errors**2).sum() / frames.sum()), errors.mean()))
    return np.mean(scores, axis=0)


def test_draws_equal_a_brute_force_bootstrap_of_songs_crossed_with_repetitions():
    cells = [cell(repetition) for repetition in (1, 2, 3)]
    rng = np.random.default_rng(9)
    draws = np.array([one_draw(cells, rng) for _ in range(4000)])
    for column, suffix in enumerate(("", "_per_song")):
        expected = np.percentile(draws[:, column], [2.5, 50, 97.5])
        drawn = np.percentile(resampled_averages(cells, suffix, FEW), [2.5, 50, 97.5])
        assert drawn == pytest.approx(expected, abs=0.003)


def by_hand(errors, frames):
    """Return pooled RMSE, and its standard error from the derivative with respect to a song."""
    square, n = (frames * errors**2).sum() / frames.sum(), len(errors)
    pulls = [f * (e**2 - square) / (2 * np.sqrt(square) * frames.mean())
             for e, f in zip(errors, frames, strict=True)]  # fmt: skip
    return np.sqrt(square), np.sqrt(sum(pull**2 for pull in pulls) / (n * (n - 1)))


@pytest.mark.parametrize("name", ["rmse_valence", "rmse_valence_per_song"])
def test_one_repetition_has_the_interval_of_a_bootstrap_t_over_songs(name):
    one = cell(1)
    errors = np.array(one.per_song["rmse_valence"])
    if name.endswith("per_song"):
        frames, score = np.ones(N_SONGS), lambda e, f: (e.mean(), e.std(ddof=1) / N_SONGS**0.5)
    else:
        frames, score = np.array(FRAMES, dtype=float), by_hand
    value, error = score(errors, frames)
    rng, pivots = np.random.default_rng(9), []
    for _ in range(6000):
        songs = rng.integers(N_SONGS, size=N_SONGS)
        drawn, drawn_error = score(errors[songs], frames[songs])
        pivots.append((drawn - value) / drawn_error)
    expected = value - error * np.percentile(pivots, [97.5, 2.5])
    assert bootstrap_intervals(samples([one]))[name] == pytest.approx(expected, rel=0.03)


def test_songs_that_are_all_alike_leave_the_interval_of_student_s_t_over_repetitions():
    levels = (0.2, 0.3, 0.26)
    cells = [cell(number, level=level, spread=0) for number, level in enumerate(levels, start=1)]
    expected = stats.t.interval(0.95, 2, np.mean(levels), stats.sem(levels))
    assert bootstrap_intervals(samples(cells))["rmse_valence"] == pytest.approx(expected, rel=0.005)


def test_a_few_songs_have_the_interval_of_student_s_t():
    one = cell(1, n_songs=4)
    errors = one.per_song["rmse_arousal"]
    expected = stats.t.interval(0.95, 3, np.mean(errors), stats.sem(errors))
    assert bootstrap_intervals(samples([one]))["rmse_arousal_per_song"] == pytest.approx(expected)


def test_every_song_s_influence_is_the_change_that_more_of_it_would_make():
    cells = [cell(1), cell(2)]
    found, step = samples(cells)["rmse_valence"], 1e-6
    for song in range(N_SONGS):
        frames = np.array(FRAMES, dtype=float)
        frames[song] *= 1 + step
        roots = [np.sqrt((frames * np.square(one.per_song["rmse_valence"])).sum() / frames.sum())
                 for one in cells]  # fmt: skip
        change = (np.mean(roots) - found.value) / step * N_SONGS
        assert found.influence[song] == pytest.approx(change, abs=1e-5)


def test_a_resample_is_measured_in_standard_errors_of_its_own_songs():
    cells = [cell(1)]
    moved = studentised({"rmse_average": samples(cells)["rmse_average"]}, "mine", 20)
    (_, counts_SB), *_ = blocks(N_SONGS, 20)
    order = stream_of("mine").permutation(N_SONGS)
    songs = np.repeat(order, counts_SB[:, 7].astype(int))
    error, value, whole = np.zeros(N_SONGS), 0.0, 0.0
    frames = np.array(FRAMES)[songs]
    for target in ("valence", "arousal"):
        squares = np.square(cells[0].per_song[f"rmse_{target}"])
        mean = (frames * squares[songs]).sum() / frames.sum()
        error += frames * (squares[songs] - mean) / (2 * np.sqrt(mean) * frames.mean()) / 2
        value += np.sqrt(mean) / 2
        whole += np.sqrt((FRAMES * squares).sum() / np.sum(FRAMES)) / 2
    standard_error = np.sqrt((error**2).sum() / (N_SONGS * (N_SONGS - 1)))
    assert moved["rmse_average"][7] == pytest.approx((value - whole) / standard_error)


def test_the_average_is_drawn_on_the_same_songs_for_both_targets():
    one = cell(1)
    one.per_song["rmse_arousal"] = one.per_song["rmse_valence"]
    intervals = bootstrap_intervals(samples([one]))
    assert intervals["rmse_average"] == pytest.approx(intervals["rmse_valence"])


def test_paired_repetitions_cancel_what_they_share_and_others_do_not():
    ours = [cell(number, level=level, spread=0) for number, level in ((1, 0.2), (2, 0.4))]
    theirs = [cell(number, level=level, spread=0) for number, level in ((1, 0.1), (2, 0.3))]
    paired = bootstrap_differences(ours, theirs)["rmse_valence"]
    assert paired == pytest.approx((0.1, 0.1))
    (low, high) = bootstrap_differences(ours, [cell(1, level=0.2, spread=0)])["rmse_valence"]
    assert (low, high) == pytest.approx(  # only ours were trained more than once
        stats.t.interval(0.95, 1, 0.1, 0.1), rel=0.005
    )


def test_the_same_records_give_the_same_interval():
    cells = [cell(1), cell(2)]
    first = bootstrap_intervals(samples(cells))
    _block.cache_clear()
    _floats.cache_clear()
    assert bootstrap_intervals(samples(cells)) == first


def test_the_ends_of_an_interval_hold_in_the_third_digit():
    """With other random numbers an end moves by a hundredth of a standard error.

    The third digit of an error is about a twentieth of one with 58 songs.
    """
    songs = [f"e{index}" for index in range(58)]
    rng = np.random.default_rng(3)
    errors = {f"rmse_{target}": (0.1 + rng.gamma(2, 0.08, 58)).tolist()
              for target in ("valence", "arousal")}  # fmt: skip
    frames = np.clip(rng.lognormal(6, 0.5, 58), 68, 1224).astype(int).tolist()
    found = samples([make_record(per_song={"song_id": songs, "n_frames": frames, **errors})])
    for name in ("rmse_average", "rmse_average_per_song"):
        one = {name: found[name]}
        error = np.sqrt(found[name].influence.var(ddof=1) / 58)
        ends = np.array([bootstrap_intervals(one, f"stream {n}")[name] for n in range(12)])
        spread = ends.std(axis=0, ddof=1)
        assert (spread < 0.03 * error).all()
        assert (spread < 0.0005).all()
        assert (spread > 0).all()  # other streams are other random numbers


def test_equal_rows_of_other_names_have_random_numbers_of_their_own():
    found = samples([cell(1)])
    ends = {bootstrap_intervals(found, name, FEW)["rmse_valence"] for name in "abcdefgh"}
    assert len(ends) == 8
    assert bootstrap_intervals(found, "a", FEW) == bootstrap_intervals(found, "a", FEW)


def test_an_answer_of_thousands_of_rows_has_fewer_resamples_for_each():
    assert [n_for_intervals(n) for n in (1, 100, 101, 1000, 4000)] == [MANY, MANY, FEW, FEW, 999]


def test_every_resample_has_as_many_songs_as_there_are():
    n_resamples = BLOCK + 5
    counts = [counts_SB for _, counts_SB in blocks(N_SONGS, n_resamples)]
    assert [one.shape for one in counts] == [(N_SONGS, BLOCK), (N_SONGS, 5)]
    assert all((one.sum(axis=0) == N_SONGS).all() for one in counts)
    # n draws of one of n: counts have mean 1 and variance 1 - 1/n
    assert counts[0].mean() == pytest.approx(1)
    assert counts[0].var() == pytest.approx(1 - 1 / N_SONGS, rel=0.02)


def test_few_songs_have_every_resample_as_often_as_it_is_likely():
    # of three songs all three are taken with probability 3!/27, the first alone with 1/27
    counts = np.hstack([block for _, block in blocks(3, MANY)])
    assert np.mean((counts == 1).all(axis=0)) == pytest.approx(6 / 27, abs=2 / MANY)
    assert np.mean(counts[0] == 3) == pytest.approx(1 / 27, abs=2 / MANY)


def test_nine_families_have_an_interval_whose_digits_hold():
    levels = np.array([0.1, 0.12, 0.2, 0.22, 0.25, 0.3, 0.31, 0.45, 0.6])
    songs = {"song_id": list("abcdefghi"), "n_frames": [100] * 9}
    errors = {f"rmse_{target}": levels.tolist() for target in ("valence", "arousal")}
    found = samples([make_record(per_song=songs | errors)])
    one = {"rmse_average": found["rmse_average"]}
    ends = np.array([bootstrap_intervals(one, f"{n}")["rmse_average"] for n in range(8)])
    assert ends.std(axis=0, ddof=1) == pytest.approx([0, 0], abs=0.0003)


def test_sums_are_the_same_in_every_order_of_adding():
    rng = np.random.default_rng(1)
    values, (_, counts) = rng.normal(size=(3, 58)) * 10.0 ** np.arange(58), next(blocks(58, 100))
    order = rng.permutation(58)
    assert (sums(values, counts) == sums(values[:, order], counts[order])).all()
    assert sums(values, counts) == pytest.approx(np.einsum("ks,sd->kd", values, counts))


def test_repetitions_scored_on_other_songs_are_refused():
    other = cell(2)
    other.per_song["song_id"] = ["x", *other.per_song["song_id"][1:]]
    with pytest.raises(ValueError, match="scored on the same songs"):
        bootstrap_intervals(samples([cell(1), other]))


def test_intervals_hold_the_truth_in_19_of_20_studies_and_a_bootstrap_of_frames_in_few():
    # 200 studies: a share of .95 has a standard error of .015, so .885 is four of them away
    shares = coverage(World(), n_studies=200)
    assert shares.pop("frames as if independent") < 0.3
    assert len(shares) == 4
    for kind, share in shares.items():
        assert 0.885 < share < 0.995, kind


def test_equal_repetitions_of_other_base_seeds_are_no_pairs():
    ours = [replace(cell(number, level=level, spread=0), base_seed=1)
            for number, level in ((1, 0.2), (2, 0.4))]  # fmt: skip
    theirs = [replace(one, base_seed=2) for one in ours]
    assert bootstrap_differences(ours, ours)["rmse_valence"] == (0.0, 0.0)
    low, high = bootstrap_differences(ours, theirs)["rmse_valence"]
    assert low < -0.1 < 0.1 < high


def test_songs_and_repetitions_are_drawn_independently_where_there_are_equally_many():
    n = N_SONGS
    level, swing = np.linspace(0.2, 0.4, n), np.linspace(-0.05, 0.05, n)
    cells = [cell(number + 1) for number in range(n)]
    for one, shift in zip(cells, swing, strict=True):
        for target in ("valence", "arousal"):
            one.per_song[f"rmse_{target}"] = (level + shift).tolist()
    drawn = resampled_averages(cells, "_per_song", FEW)
    expected = np.sqrt((np.var(level) + np.var(swing)) / n)
    assert np.std(drawn) == pytest.approx(expected, rel=0.1)


def test_one_song_heard_once_has_no_interval():
    one = cell(1)
    for name, values in one.per_song.items():
        one.per_song[name] = values[:1]
    assert bootstrap_intervals(samples([one])) == {}


def test_songs_of_other_lengths_are_other_songs():
    other = cell(2)
    other.per_song["n_frames"] = [n + 1 for n in other.per_song["n_frames"]]
    assert songs_of(cell(1)) != songs_of(other)
