"""The optimizer on problems with a known minimum."""

import numpy as np
import pytest

from keras_qlae.metrics.lbfgs import minimize_blocks

pytestmark = pytest.mark.backend_free

SETTINGS = {
    "inverse_curvature": np.ones(3),
    "tolerance": 1e-14,
    "small_value": -np.inf,
    "max_iterations": 200,
}
SIZES = np.array([1, 3, 2])


class Quadratics:
    """A quadratic with its own curvature and minimum for each block."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.minimum = rng.normal(size=(6, 4))
        self.curvature = 10 ** rng.uniform(-2, 2, size=(6, 4))
        self.calls = []

    def __call__(self, point, is_live):
        self.calls.append(is_live.copy())
        rows = np.repeat(is_live, SIZES)[:, None]
        gradient = rows * self.curvature * (point - self.minimum)
        by_row = (gradient * (point - self.minimum)).sum(axis=1) / 2
        return np.add.reduceat(by_row, [0, 1, 4]), gradient


def test_each_block_finds_its_own_minimum():
    problem = Quadratics()
    found = minimize_blocks(problem, np.zeros((6, 4)), SIZES, **SETTINGS)
    np.testing.assert_allclose(found, problem.minimum, atol=1e-5)


def test_blocks_that_ended_are_not_evaluated_again():
    problem = Quadratics()
    start = problem.minimum.copy()
    start[1:4] += 1.0  # only the second block has anything to do
    found = minimize_blocks(problem, start, SIZES, **SETTINGS)
    assert all(call.tolist() == [0, 1, 0] for call in problem.calls[1:])
    np.testing.assert_array_equal(found[[0, 4, 5]], start[[0, 4, 5]])


def test_iterations_are_bounded():
    problem = Quadratics()
    settings = {**SETTINGS, "max_iterations": 2}
    minimize_blocks(problem, np.zeros((6, 4)), SIZES, **settings)
    assert len(problem.calls) < 2 * 13


def test_a_small_value_ends_a_block():
    problem = Quadratics()
    settings = {**SETTINGS, "small_value": np.inf}
    found = minimize_blocks(problem, np.ones((6, 4)), SIZES, **settings)
    np.testing.assert_array_equal(found, np.ones((6, 4)))


def test_a_function_that_cannot_decrease_stays_at_the_start():
    def rising(point, is_live):  # the gradient points the wrong way
        total = np.abs(point).sum(axis=1)
        return np.add.reduceat(total, [0, 1, 4]), -np.sign(point)

    found = minimize_blocks(rising, np.ones((6, 4)), SIZES, **SETTINGS)
    np.testing.assert_array_equal(found, np.ones((6, 4)))
