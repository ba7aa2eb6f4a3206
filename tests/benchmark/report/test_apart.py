"""Rows of one cost stand side by side, around it, and never beyond another cost."""

import pytest

from benchmark.report.apart import N_ASIDE, STEP, apart


def test_costs_that_differ_are_drawn_where_they_are():
    assert apart([10.0, 100.0, 1000.0]) == [1, 1, 1]
    assert apart([0.0, 0.0, 5.0]) == [1, 1, 1]  # nothing has no place on a log axis


def test_rows_of_one_cost_are_a_step_apart_and_their_middle_is_the_cost():
    left, right = apart([500.0, 500.0])
    assert right / left == pytest.approx(STEP)
    assert left * right == pytest.approx(1)
    assert apart([7.0, 7.0, 7.0])[1] == 1


def test_nearly_the_same_cost_counts_as_one():
    assert apart([35_160.0, 35_256.0])[0] < 1 < apart([35_160.0, 35_256.0])[1]


def test_no_row_is_moved_past_half_of_the_way_to_the_next_cost():
    costs = [17_744.0] * 2 + [35_256.0] * 5
    places = [cost * factor for cost, factor in zip(costs, apart(costs), strict=True)]
    middle = (17_744 * 35_256) ** 0.5
    assert max(places[:2]) < middle < min(places[2:])
    assert places == sorted(places)


def test_many_rows_of_one_cost_stay_where_they_are():
    assert apart([5.0] * (N_ASIDE + 1)) == [1] * (N_ASIDE + 1)
