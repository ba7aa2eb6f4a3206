"""Families as the unit of intervals, resampling and sign flips, by hand and against loops."""

import numpy as np
import pytest
from scipy import stats

from benchmark.analysis.bootstrap import resampled_averages
from benchmark.analysis.contrasts import contrasts
from benchmark.analysis.intervals import bootstrap_intervals
from benchmark.analysis.ranking import rankings
from benchmark.analysis.resamples import FEW, blocks
from benchmark.analysis.samples import samples, songs_of
from benchmark.report.views.contrasts import contrast_grids
from benchmark.report.views.ranking import ranking_grids
from benchmark.report.views.scores import main_grid
from tests.made_up_records import make_record
from tests.made_up_rows import N_SONGS, in_families, row, size, table
from tools.interval_coverage import EVALUATION_GAMES, World, coverage

RNG = np.random.default_rng(8)
SIZES = (1, 4, 2, 3, 1, 2, 4, 1, 3, 2, 1, 4)  # of twelve families, 28 songs
UNIT = "The unit of intervals, p-values and resampling is the family"


def cell(errors, frames, families=(), **changes):
    """Return a record whose songs have these errors for both targets."""
    songs = [f"e{place}" for place in range(len(errors))]
    per_song = {"song_id": songs, "n_frames": list(frames)}
    per_song |= {f"rmse_{target}": list(errors) for target in ("valence", "arousal")}
    return make_record(
        per_song=per_song | ({"family": list(families)} if families else {}), **changes
    )


def many(n_repetitions=1):
    """Return repetitions whose 28 songs are in twelve families."""
    frames = RNG.integers(60, 600, sum(SIZES))
    cells = [
        cell(0.25 + RNG.uniform(-0.1, 0.1, len(frames)), frames, repetition=place)
        for place in range(1, n_repetitions + 1)
    ]
    return in_families(cells, SIZES)


def family_of(one):
    return np.unique(one.per_song["family"], return_inverse=True)[1]


def test_a_family_weighs_the_sum_of_its_frames_and_its_square_is_their_mean():
    one = cell([0.2, 0.3, 0.4], [10, 30, 20], ["zelda", "mario", "zelda"])
    mean = (10 * 0.04 + 30 * 0.09 + 20 * 0.16) / 60
    zelda, mario = 30 * ((10 * 0.04 + 20 * 0.16) / 30 - mean), 30 * (0.09 - mean)
    found = samples([one])["rmse_valence"]
    assert found.value == pytest.approx(np.sqrt(mean))
    assert found.influence == pytest.approx(np.array([zelda, mario]) / (2 * np.sqrt(mean) * 30))


def test_a_mean_over_songs_is_a_ratio_of_sums_over_families():
    one = cell([0.2, 0.4, 0.6], [10, 30, 20], ["zelda", "zelda", "mario"])
    found = samples([one])["rmse_valence_per_song"]
    assert found.value == pytest.approx(0.4)  # (2 x .3 + 1 x .6) / 3: every song counts the same
    assert found.influence == pytest.approx([2 * (0.3 - 0.4) / 1.5, 1 * (0.6 - 0.4) / 1.5])
    # influences of -.4 / 3 and .4 / 3 have variance 2 (.4 / 3)^2, the mean of two half of it
    reach = stats.t.ppf(0.975, 1) * 0.4 / 3
    expected = max(0.4 - reach, 0), 0.4 + reach
    assert bootstrap_intervals(samples([one]))["rmse_valence_per_song"] == pytest.approx(expected)


def test_families_of_one_song_each_are_songs():
    frames = RNG.integers(60, 600, 12)
    alone = [cell(RNG.uniform(0.15, 0.35, 12), frames, repetition=number) for number in (1, 2)]
    named = in_families(alone, [1] * 12)
    assert bootstrap_intervals(samples(named)) == {
        name: pytest.approx(ends) for name, ends in bootstrap_intervals(samples(alone)).items()
    }
    for suffix in ("", "_per_song"):
        expected = resampled_averages(alone, suffix, FEW)
        assert resampled_averages(named, suffix, FEW) == pytest.approx(expected)


def test_an_error_that_songs_of_a_family_share_widens_the_interval():
    families = np.repeat(RNG.uniform(0.15, 0.35, 10), 4)  # ten families of four songs
    one = cell(families, np.full(40, 100))
    by_song, by_family = samples([one]), samples(in_families([one], [4] * 10))
    for name in ("rmse_valence", "rmse_valence_per_song"):
        variances = [
            found[name].influence.var(ddof=1) / len(found[name].influence)
            for found in (by_song, by_family)
        ]
        assert variances[1] / variances[0] == pytest.approx(39 / 9)  # same deviations, n - 1 less
        widths = [np.diff(bootstrap_intervals(found)[name])[0] for found in (by_song, by_family)]
        assert widths[1] > 1.5 * widths[0]


@pytest.mark.parametrize("suffix", ["", "_per_song"])
def test_a_family_is_drawn_with_all_its_songs(suffix):
    cells = many()
    family = family_of(cells[0])
    errors = np.array(cells[0].per_song["rmse_valence"])
    frames = np.array(cells[0].per_song["n_frames"])
    order = list(dict.fromkeys(cells[0].per_song["family"]))
    drawn = resampled_averages(cells, suffix, FEW)
    (_, counts_SB), *_ = blocks(len(SIZES), FEW)
    for number in (0, 7, 500):
        songs = []
        for place, count in enumerate(counts_SB[:, number].astype(int)):
            members = [
                n for n, one in enumerate(cells[0].per_song["family"]) if one == order[place]
            ]
            songs += members * count
        means = errors[songs].mean(), (frames * errors**2)[songs].sum() / frames[songs].sum()
        expected = means[0] if suffix else np.sqrt(means[1])
        assert drawn[number] == pytest.approx(expected)
    assert len(set(family)) == len(SIZES)


def by_hand(errors, weight):
    """Return a weighted mean over families, and its standard error from the influence of each."""
    mean, n = (weight * errors).sum() / weight.sum(), len(errors)
    influence = weight * (errors - mean) / weight.mean()
    return mean, np.sqrt((influence**2).sum() / (n * (n - 1)))


def test_one_repetition_has_the_interval_of_a_bootstrap_t_over_families():
    (one,) = many()
    family, errors = family_of(one), np.array(one.per_song["rmse_valence"])
    sizes = np.bincount(family).astype(float)
    means = np.bincount(family, errors) / sizes
    value, error = by_hand(means, sizes)
    rng, pivots = np.random.default_rng(9), []
    for _ in range(6000):
        chosen = rng.integers(len(sizes), size=len(sizes))
        drawn, drawn_error = by_hand(means[chosen], sizes[chosen])
        pivots.append((drawn - value) / drawn_error)
    expected = value - error * np.percentile(pivots, [97.5, 2.5])
    found = bootstrap_intervals(samples([one]))["rmse_valence_per_song"]
    assert found == pytest.approx(expected, rel=0.03)


def test_the_same_songs_in_other_families_are_not_the_same_songs():
    ours, theirs = cell([0.1, 0.2], [5, 5], ["a", "b"]), cell([0.1, 0.2], [5, 5], ["a", "a"])
    assert songs_of(ours) != songs_of(theirs)


def test_one_family_has_no_interval():
    assert bootstrap_intervals(samples([cell([0.1, 0.2], [5, 5], ["zelda", "zelda"])])) == {}


BETTER = in_families(row("crnn", 0.2, **size(35_000)), [5, 5, 5])
LINEAR = in_families(row("linear", 0.4, n_repetitions=1, **size(500)), [5, 5, 5])


def test_signs_are_flipped_family_by_family():
    (found,) = contrasts(table(BETTER, LINEAR))
    assert found.p == 2 / 2**3  # all three sums are below zero: of eight signs the two extremes
    assert found.share_improved == 1
    (by_song,) = contrasts(table(in_families(BETTER, [1] * 15), in_families(LINEAR, [1] * 15)))
    assert by_song.p < 0.001


def test_a_family_s_difference_is_the_sum_of_its_songs_differences():
    def scored(errors, model):
        return [cell(errors, [9] * 4, ["a", "a", "a", "b"], model=model, sequence_length=None)]

    # a: -.1 -.1 +.15 = -.05, b: +.2, together .15; other signs give -.15, .25 and -.25
    found = contrasts(
        table(scored([0.2, 0.2, 0.45, 0.5], "crnn"), scored([0.3, 0.3, 0.3, 0.3], "linear")),
        [("crnn", "linear")],
    )[0]
    assert found.p == 1.0
    assert (found.share_improved, found.share_families_improved) == (0.5, 0.5)
    (other,) = contrasts(
        table(scored([0.2, 0.2, 0.45, 0.2], "crnn"), scored([0.3, 0.3, 0.3, 0.3], "linear")),
        [("crnn", "linear")],
    )
    assert other.p == 0.5  # both below zero: -.05 and -.1
    assert (other.share_improved, other.share_families_improved) == (0.75, 1.0)


def test_one_family_compares_nothing():
    assert contrasts(table(in_families(BETTER, [15]), in_families(LINEAR, [15]))) == []


def test_tables_name_their_unit_and_how_small_p_can_be():
    found = table(BETTER, LINEAR)
    compared = contrasts(found)
    (contrast,) = contrast_grids(found, compared, None)
    assert contrast.lines[0][4] == "15 of 15 (3 of 3 families)"
    assert any("With 3 signs no p is below 0.25" in note for note in contrast.notes)
    for grid in (main_grid(found), contrast, *ranking_grids(found, rankings(found))):
        (note,) = (note for note in grid.notes if note.startswith(UNIT))
        assert note.endswith(f": 3 families, not {N_SONGS} songs.")


def test_tables_of_songs_without_families_say_nothing_of_units():
    found = table(row("crnn", 0.2, **size(35_000)), row("linear", 0.4, 1, **size(500)))
    assert found.unit_notes == ()
    (contrast,) = contrast_grids(found, contrasts(found), None)
    assert contrast.lines[0][4] == "15 of 15"
    assert len(contrast.notes) == 1


def test_intervals_by_family_hold_the_truth_more_often_than_those_by_song():
    # half of the variance is shared by the pieces of a game; 100 studies, standard error .03
    world = World(
        song=0.177, family=0.177, model_and_song=0.057, model_and_family=0.057,
        sizes=EVALUATION_GAMES,
    )  # fmt: skip
    shares = coverage(world, n_studies=100)
    for kind in ("error, pooled", "error, per song", "difference, pooled", "difference, per song"):
        assert shares[kind] > 0.8, kind
        assert shares[kind] > shares[f"{kind}, songs as if independent"] + 0.05, kind
