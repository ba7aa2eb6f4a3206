"""Model against model: which rows, and the numbers against a loop over songs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmark.analysis.contrasts import contrasts
from benchmark.report.grid import markdown
from benchmark.report.views.contrasts import contrast_grids
from tests.made_up_rows import N_SONGS, row, size, table

CRNN = row("crnn", 0.25, **size(35_000))
SHORT = row("crnn", 0.26, sequence_length=10, **size(35_000))
LARGE = row("blstm", 0.24, **size(2_000_000))
LINEAR = row("linear", 0.28, n_repetitions=1, **size(500))
CONSTANT = row("constant", 0.35, n_repetitions=1, **size(2))


def names(found, shared=None):
    return [(one.row.name(shared or {}), one.base.name(shared or {})) for one in found]


def test_every_network_is_compared_with_linear_and_with_the_largest_where_nothing_is_declared():
    found = contrasts(table(CRNN, SHORT, LARGE, LINEAR, CONSTANT))
    assert names(found) == [
        ("crnn, L=60", "linear"), ("crnn, L=10", "linear"), ("blstm, L=60", "linear"),
        ("crnn, L=60", "blstm, L=60"), ("crnn, L=10", "blstm, L=60"),
    ]  # fmt: skip


def test_declared_contrasts_name_rows_by_model_or_by_model_and_length():
    rows = table(CRNN, SHORT, LARGE, LINEAR)
    assert names(contrasts(rows, [("crnn, L=10", "crnn, L=60")])) == [("crnn, L=10", "crnn, L=60")]
    found = contrasts(rows, [("crnn", "blstm"), ("blstm", "crnn")])  # either order counts once
    assert names(found) == [("crnn, L=60", "blstm, L=60"), ("crnn, L=10", "blstm, L=60")]
    assert contrasts(rows, []) == []


def song_means(records):
    """Average repetitions and targets, song by song."""
    return [
        np.mean([one.per_song[f"rmse_{target}"][song]
                 for one in records for target in ("valence", "arousal")])
        for song in range(N_SONGS)
    ]  # fmt: skip


def test_numbers_are_those_of_a_loop_over_songs():
    (found,) = contrasts(table(CRNN, LINEAR), [("crnn", "linear")])
    differences = np.subtract(song_means(CRNN), song_means(LINEAR))
    assert found.values["rmse_average_per_song"] == pytest.approx(differences.mean())
    assert found.share_improved == pytest.approx(sum(differences < 0) / N_SONGS)
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert found.p == pytest.approx(expected, abs=0.015)
    pooled = [np.mean([one.scores["rmse_average"] for one in side]) for side in (CRNN, LINEAR)]
    assert found.values["rmse_average"] == pytest.approx(pooled[0] - pooled[1])


def test_p_values_are_corrected_over_all_contrasts_of_the_table():
    found = contrasts(table(CRNN, SHORT, LARGE, LINEAR))
    smallest = min(one.p for one in found)
    assert len(found) == 5
    assert min(one.p_holm for one in found) == pytest.approx(min(1, 5 * smallest))
    assert all(one.p_holm >= one.p for one in found)


def test_p_values_are_corrected_over_what_was_declared_also_where_a_record_is_missing():
    whole = contrasts(table(CRNN, SHORT, LARGE, LINEAR))
    rows = table(CRNN, SHORT, LARGE, LINEAR, missing=[SHORT[0].group])
    found = contrasts(rows)
    assert names(found) == [
        ("crnn, L=60", "linear"), ("blstm, L=60", "linear"), ("crnn, L=60", "blstm, L=60"),
    ]  # fmt: skip
    smallest = min(one.p for one in found)
    assert min(one.p_holm for one in found) == pytest.approx(min(1, 5 * smallest))
    assert {one.n_declared for one in (*found, *whole)} == {5}
    (grid,) = contrast_grids(rows, found, None)
    assert "the default ones, 5 of them" in grid.notes[0]


def test_the_largest_model_stays_the_largest_where_one_of_its_cells_is_missing():
    rows = table(CRNN, SHORT, LARGE, LINEAR, missing=[LARGE[0].group])
    found = contrasts(rows, [("every", "largest")])
    assert found == []
    (only,) = contrasts(rows, [("crnn, L=60", "crnn, L=10"), ("every", "largest")])
    assert only.n_declared == 3
    assert only.p_holm == pytest.approx(min(1, 3 * only.p))


def test_a_row_without_a_record_counts_among_the_declared():
    pairs = [("crnn, L=60", "linear"), ("crnn, L=60", "blstm")]
    (found,) = contrasts(table(CRNN, LINEAR), pairs, has_every_row=False)
    assert found.n_declared == 2
    (found,) = contrasts(table(CRNN, LINEAR), pairs)  # the study has no such row in this table
    assert found.n_declared == 1


def test_flattered_rows_and_changed_settings_take_no_part():
    flattered = row("crnn_nb", 0.2, settings={"selection": "evaluation"}, group="f" * 64)
    for number, record in enumerate(flattered):
        object.__setattr__(record, "cell", f"flattered{number}")
    assert names(contrasts(table(CRNN, LINEAR, flattered))) == [
        ("crnn, L=60", "linear"),
    ]


def test_a_row_with_cells_missing_is_not_compared_and_said_so():
    rows = table(CRNN, LARGE, LINEAR, missing=[LARGE[0].group])
    found = contrasts(rows)
    assert names(found) == [("crnn, L=60", "linear")]
    (grid,) = contrast_grids(rows, found, None)
    assert "blstm, L=60: 3 of 4 cells, so not compared." in grid.notes


def test_the_grid_tells_effect_interval_songs_and_both_p_values():
    rows = table(CRNN, LINEAR)
    (found,) = contrasts(rows, [("crnn", "linear")])
    (grid,) = contrast_grids(rows, [found], [("crnn", "linear")])
    text = markdown(grid)
    low, high = found.intervals["rmse_average"]
    assert f"{found.values['rmse_average']:+.3f} [{low:+.3f}, {high:+.3f}]" in text
    assert f"| {round(found.share_improved * 15)} of 15 |" in text
    assert "declared by the study, 1 of them" in text


def test_what_was_declared_and_is_no_row_is_said():
    rows = table(CRNN, LINEAR)
    (grid,) = contrast_grids(
        rows, contrasts(rows, [("crnn, L=15", "linear")]), [("crnn, L=15", "linear")]
    )
    assert grid.lines == ()
    assert "crnn, L=15: declared for comparison, but no row of this table." in grid.notes


def test_rows_with_missing_cells_are_named_also_where_nothing_is_left_to_compare():
    rows = table(CRNN, LINEAR, missing=[CRNN[0].group])
    (grid,) = contrast_grids(rows, contrasts(rows), None)
    assert [note for note in grid.notes if "3 of 4 cells, so not compared" in note]
    assert contrast_grids(rows, contrasts(rows, [("linear", "constant")]), []) == []


def test_one_scored_song_compares_nothing():
    def heard_once(records):
        cut = {key: values[:1] for key, values in records[0].per_song.items()}
        return [replace(one, per_song=cut) for one in records]

    assert contrasts(table(heard_once(CRNN), heard_once(LINEAR))) == []
