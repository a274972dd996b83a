"""Means, intervals, and which models do not differ from the best."""

import math

import numpy as np
import pytest
from scipy import stats

from keras_qlae.comparing.statistics import estimate
from keras_qlae.comparing.statistics import level_with_best
from keras_qlae.comparing.statistics import p_values

pytestmark = pytest.mark.backend_free


def test_interval_of_two_values_by_hand():
    """With one degree of freedom the quantile is tan(0.475 pi) = 12.706."""
    found = estimate([0.2, 0.4])
    assert found.mean == pytest.approx(0.3)
    assert found.margin == pytest.approx(math.tan(0.475 * math.pi) * 0.1)
    assert found.low == pytest.approx(0.3 - 1.2706, abs=1e-4)
    assert found.high == pytest.approx(0.3 + 1.2706, abs=1e-4)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize("count", [2, 3, 10])
def test_interval_is_that_of_scipy(count, confidence):
    values = np.random.default_rng(count).normal(size=count)
    found = estimate(values, confidence)
    low, high = stats.t.interval(
        confidence, count - 1, values.mean(), stats.sem(values)
    )
    assert (found.low, found.high) == pytest.approx((low, high))


def test_one_value_has_no_interval_and_none_no_estimate():
    found = estimate([0.7])
    assert found.mean == found.low == found.high == 0.7
    assert math.isnan(found.margin)
    assert estimate([]) is None


def test_equal_values_have_an_interval_of_no_width():
    assert estimate([0.5, 0.5, 0.5]) == (0.5, 0.0)


APART = ([0.80, 0.82, 0.84], [0.74, 0.76, 0.78])


def test_models_differ_significantly_although_intervals_overlap():
    best, other = map(estimate, APART)
    assert best.low < other.high
    assert level_with_best(APART, 3) == [True, False]


def test_one_comparison_is_welchs_test():
    first, second = [0.9, 0.7, 0.8, 0.85], [0.3, 0.5, 0.1]
    found = p_values([second, first])
    expected = stats.ttest_ind(first, second, equal_var=False).pvalue
    assert found == [pytest.approx(expected), None]


def test_several_comparisons_are_adjusted_after_holm():
    """Smallest p times their number, the next times one less, never falling."""
    rng = np.random.default_rng(0)
    samples = [rng.normal(mean, 1, 5).tolist() for mean in (3, 2.9, 2, 0)]
    best = max(range(4), key=lambda i: np.mean(samples[i]))
    plain = sorted(
        (stats.ttest_ind(samples[best], s, equal_var=False).pvalue, i)
        for i, s in enumerate(samples)
        if i != best
    )
    (p0, i0), (p1, i1), (p2, i2) = plain
    found = p_values(samples)
    assert found[best] is None
    assert found[i0] == pytest.approx(min(3 * p0, 1))
    assert found[i1] == pytest.approx(min(max(3 * p0, 2 * p1), 1))
    assert found[i2] == pytest.approx(min(max(3 * p0, 2 * p1, p2), 1))


def test_many_comparisons_ask_for_more():
    """A significant difference may not be significant among many tests."""
    best, other = APART
    assert not level_with_best([best, other], 3)[1]
    same = [[0.81, 0.82, 0.83]] * 6
    assert level_with_best([best, other, *same], 3)[1]


def test_single_runs_are_compared_by_their_means_as_shown():
    means = [[0.4], [0.9], [0.898]]
    assert p_values(means) == [None] * 3
    assert level_with_best(means, 3) == [False, True, False]
    assert level_with_best(means, 2) == [False, True, True]


def test_a_single_run_is_compared_by_the_spread_of_the_other():
    """By hand: t = 0.41 / (0.01 sqrt(2) sqrt(1.5)), one degree of freedom."""
    t = 0.41 / (0.01 * math.sqrt(3))
    p = 1 - 2 * math.atan(t) / math.pi
    assert p_values([[0.80, 0.82], [0.40]]) == [None, pytest.approx(p)]
    assert p_values([[0.40], [0.80, 0.82]]) == [pytest.approx(p), None]
    assert level_with_best([[0.80, 0.82], [0.40]], 3) == [True, False]
    # One lucky run is not told apart from two others.
    assert level_with_best([[31.0], [30.0, 30.2]], 2) == [True, True]


def test_values_without_spread():
    same = [[0.5, 0.5], [0.5, 0.5], [0.4, 0.4]]
    assert p_values(same) == [None, 1.0, 0.0]
    assert level_with_best(same, 3) == [True, True, False]


def test_nothing_is_level_with_nothing():
    assert level_with_best([[], []], 3) == [False, False]
    assert level_with_best([], 3) == p_values([]) == []
    assert level_with_best([[], [0.2]], 3) == [False, True]
