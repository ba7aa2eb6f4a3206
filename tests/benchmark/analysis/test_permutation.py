"""The sign-flip test and Holm's correction against independent computations."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from benchmark.analysis.permutation import holm, sign_flip

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("n_songs", [3, 7, 11])
def test_few_songs_have_the_exact_p_of_scipy_s_permutation_test(n_songs, shift):
    differences = RNG.normal(shift, 0.1, n_songs)
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert sign_flip(differences) == pytest.approx(expected)


def test_many_songs_come_close_to_all_signs():
    differences = RNG.normal(0.03, 0.1, 14)
    signs = 1 - 2.0 * ((np.arange(2**14)[:, None] >> np.arange(14)) & 1)
    exact = np.mean(np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12)
    # 10,000 random signs: the standard error of a share of .3 is .005
    assert sign_flip(differences) == pytest.approx(exact, abs=0.02)


def test_no_p_value_is_zero_and_no_difference_gives_one():
    assert sign_flip(np.full(58, 0.1)) == 1 / 10_000
    assert sign_flip(np.zeros(58)) == 1.0


def closed_testing(p_values):
    """Reject a hypothesis only with all sets that hold it, each by Bonferroni: brute force."""
    n = len(p_values)
    sets = [one for size in range(1, n + 1) for one in combinations(range(n), size)]
    return [
        max(min(1.0, len(one) * min(p_values[i] for i in one)) for one in sets if index in one)
        for index in range(n)
    ]


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_holm_is_closed_testing_with_bonferroni(n):
    for _ in range(20):
        p_values = RNG.uniform(0, 0.3, n).round(2).tolist()
        assert holm(p_values) == pytest.approx(closed_testing(p_values))


def test_holm_of_the_textbook():
    # three tests: .01 x 3, then .03 x 2 where .04 x 1 would be smaller
    assert holm([0.03, 0.01, 0.04]) == pytest.approx([0.06, 0.03, 0.06])


def test_holm_counts_tests_that_have_no_p_value():
    # of four tests two are known: 4 x .01, and 3 x .02, which is the larger
    assert holm([0.02, 0.01], 4) == pytest.approx([0.06, 0.04])
