from hypothesis import given
from hypothesis import strategies as st

from benchmark.analysis.pareto import front

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)


def test_a_point_worse_on_both_axes_is_not_on_the_front():
    assert front([(1, 3), (2, 2), (3, 1), (3, 3)]) == [0, 1, 2]


def test_a_point_equal_on_one_axis_and_worse_on_the_other_is_beaten():
    assert front([(1, 2), (1, 1), (2, 1)]) == [1]


def test_equal_points_share_the_front():
    assert front([(1, 1), (1, 1)]) == [0, 1]


@given(points=POINTS)
def test_every_point_off_the_front_is_beaten_by_one_on_it(points):
    on_front = front(points)
    for index, (x, y) in enumerate(points):
        beaten = any(
            points[k][0] <= x and points[k][1] <= y and points[k] != (x, y) for k in on_front
        )
        assert beaten == (index not in on_front)
