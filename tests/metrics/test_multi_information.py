"""Dependence of factors: by hand, its range and what it ignores."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from keras_qlae.metrics import normalized_multi_information

pytestmark = pytest.mark.backend_free


def test_numbers_by_hand():
    grid = np.stack(np.indices((3, 2, 4)), -1).reshape(-1, 3)
    assert normalized_multi_information(grid) == 0.0
    assert normalized_multi_information(grid[:, [0, 0]]) == pytest.approx(1)
    # Of two factors it is their information over the smaller entropy.
    rng = np.random.default_rng(0)
    first = rng.integers(0, 5, 300)
    second = (first + rng.integers(0, 2, 300)) // 2
    shared = mutual_info_score(first, second)
    smaller = min(mutual_info_score(x, x) for x in (first, second))
    found = normalized_multi_information(np.stack([first, second], 1))
    assert found == pytest.approx(shared / smaller, abs=1e-12)
    # Three copies of one factor, and one that is independent of them.
    table = grid[:, [0, 0, 0, 1]]
    h0, h1 = np.log(3), np.log(2)
    expected = 2 * h0 / (2 * h0 + h1)
    assert normalized_multi_information(table) == pytest.approx(expected)


def test_fewer_than_two_factors_that_vary():
    for table in ([[3], [4]], [[1, 7], [2, 7]], [[1, 1], [1, 1]]):
        assert normalized_multi_information(table) == 0.0


def test_two_thousand_random_tables():
    rng = np.random.default_rng(1)
    for _ in range(2000):
        sizes = rng.integers(1, 6, rng.integers(1, 5))
        table = rng.integers(0, sizes, (rng.integers(1, 50), len(sizes)))
        found = normalized_multi_information(table)
        assert 0 <= found <= 1
        order = rng.permutation(len(sizes))
        renamed = rng.permutation(8)[table[::-1, order]]
        again = normalized_multi_information(renamed)
        assert again == pytest.approx(found, abs=1e-9)


def test_real_numbers_are_refused():
    with pytest.raises((TypeError, ValueError), match="integers"):
        normalized_multi_information([[0.5], [1.5]])
