"""Ranks and the front over draws, against loops over draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.analysis.bootstrap import resampled_averages
from benchmark.analysis.pareto import front
from benchmark.analysis.ranking import on_front, rankings
from benchmark.analysis.resamples import FEW
from benchmark.report.views.ranking import ranking_grids
from tests.made_up_rows import row, size, table

ROWS = (
    row("crnn", 0.25, **size(35_000)),
    row("crnn_nb", 0.251, **size(17_000)),
    row("blstm", 0.249, **size(2_000_000)),
    row("linear", 0.27, n_repetitions=1, **size(500)),
)


@settings(deadline=None)
@given(
    costs=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    seed=st.integers(0, 1000),
)
def test_the_front_of_every_draw_is_the_front_of_its_points(costs, seed):
    errors = np.random.default_rng(seed).integers(0, 4, (5, len(costs))).astype(float)
    found = on_front(np.array(costs, dtype=float), errors)
    for draw, values in enumerate(errors):
        points = list(zip(map(float, costs), values.tolist(), strict=True))
        assert set(np.flatnonzero(found[draw])) == set(front(points))


@pytest.mark.parametrize("suffix", ["", "_per_song"])
def test_shares_and_mean_ranks_are_counted_draw_by_draw(suffix):
    rows = table(*ROWS)
    found = rankings(rows)
    draws = np.array([resampled_averages(one.cells, suffix, FEW) for one in rows.competitors]).T
    for index, one in enumerate(rows.competitors):
        ranks = [1 + sum(other < draw[index] for other in draw) for draw in draws]
        ranking_of_row = found[one.group]
        assert ranking_of_row.best_share[suffix] == pytest.approx(ranks.count(1) / len(ranks))
        assert ranking_of_row.mean_rank[suffix] == pytest.approx(sum(ranks) / len(ranks))
        n_front = sum(
            index in front([(row.parameters, error) for row, error in
                            zip(rows.competitors, draw, strict=True)])
            for draw in draws
        )  # fmt: skip
        assert ranking_of_row.front_share[f"parameters{suffix}"] == pytest.approx(
            n_front / len(draws)
        )


def test_one_row_is_always_the_best_and_the_cheapest_always_on_the_front():
    rows = table(*ROWS)
    found = rankings(rows)
    assert sum(one.best_share[""] for one in found.values()) == pytest.approx(1)
    linear = next(one for one in rows.rows if one.model == "linear")
    assert found[linear.group].front_share["parameters"] == 1


def test_energy_is_a_cost_only_where_every_row_knows_it():
    assert "train_joules" not in next(iter(rankings(table(*ROWS)).values())).front_share
    for record in (one for several in ROWS for one in several):
        record.circumstances["train_joules"] = 40.0
    try:
        rows = table(*ROWS)
        assert rows.rows[0].train_joules == 40
        assert "train_joules" in next(iter(rankings(rows).values())).front_share
    finally:
        for record in (one for several in ROWS for one in several):
            del record.circumstances["train_joules"]


def test_the_grid_leaves_out_incomplete_rows_and_says_so():
    rows = table(*ROWS, missing=[ROWS[0][0].group])
    (grid,) = ranking_grids(rows, rankings(rows))
    assert [line[0] for line in grid.lines] == ["crnn_nb, L=60", "blstm, L=60", "linear"]
    assert "1 rows are incomplete" in grid.notes[0]
