"""Means, intervals, and what is level with the best."""

import math

import numpy as np
import pytest
from scipy import stats

from keras_qlae.comparing.statistics import Estimate
from keras_qlae.comparing.statistics import estimate
from keras_qlae.comparing.statistics import level_with_best

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


def test_level_are_those_whose_interval_meets_the_best():
    best = Estimate(0.8, 0.25)
    touches = Estimate(0.5, 0.0625)  # 0.5625 > 0.55
    below = Estimate(0.5, 0.03125)
    found = level_with_best([below, touches, None, best])
    assert found == [False, True, False, True]


def test_the_ends_belong_to_the_interval():
    assert level_with_best([Estimate(1.0, 0.25), Estimate(0.5, 0.25)]) == [
        True,
        True,
    ]


def test_ends_that_touch_in_decimals_meet():
    """0.307 - 0.033 is a hair more than 0.236 + 0.038 in binary."""
    estimates = [Estimate(0.307, 0.033), Estimate(0.236, 0.038)]
    assert estimates[0].low > estimates[1].high
    assert level_with_best(estimates) == [True, True]
    apart = [Estimate(0.307, 0.033), Estimate(0.235, 0.038)]
    assert level_with_best(apart) == [True, False]


def test_with_one_seed_only_the_best_is_level():
    means = [Estimate(mean, math.nan) for mean in (0.4, 0.9, 0.8999)]
    assert level_with_best(means) == [False, True, False]


def test_equal_bests_are_both_level_and_nothing_is_none():
    same = Estimate(0.4, math.nan)
    assert level_with_best([same, same]) == [True, True]
    assert level_with_best([None, None]) == [False, False]
