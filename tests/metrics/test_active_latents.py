"""Which latents count, by either rule and by mask."""

import numpy as np
import pytest

from keras_qlae.metrics import active_latents

pytestmark = pytest.mark.backend_free


def test_range_of_discrete_latents():
    latents = np.array([[4, 0, 0], [4, 0, 1], [4, 0, 2], [4, 9, 3]])
    assert active_latents(latents).tolist() == [False, True, True]


def test_range_of_continuous_latents_is_relative_to_the_largest():
    latents = np.array([[0.0, 0.0, 0.0, 3.0], [20.0, 1.0, 1.1, 3.0]])
    assert active_latents(latents).tolist() == [True, False, True, False]


def test_interquartile_range_of_discrete_latents_is_absolute():
    latents = np.zeros((8, 3))
    latents[4:, 0] = 0.11
    latents[4:, 1] = 0.09
    latents[7:, 2] = 5.0  # in too few samples to move a quartile
    is_active = active_latents(latents, discrete=True, rule="iqr")
    assert is_active.tolist() == [True, False, False]


def test_interquartile_range_of_continuous_latents_is_relative():
    grid = np.linspace(0, 1, 101)
    latents = np.stack([10 * grid, 0.9 * grid, 1.1 * grid], axis=1)
    is_active = active_latents(latents, rule="iqr")
    assert is_active.tolist() == [True, False, True]


@pytest.mark.parametrize("rule", ["range", "iqr"])
@pytest.mark.parametrize("discrete", [True, False])
def test_constant_latents_are_never_active(rule, discrete):
    assert not active_latents(np.full((5, 2), 0.3), discrete, rule).any()


def test_a_mask_is_returned_as_a_copy():
    mask = np.array([True, False])
    result = active_latents(np.ones((3, 2)), rule=mask)
    assert result.tolist() == [True, False]
    result[0] = False
    assert mask[0]


def test_the_largest_floats_do_not_overflow():
    largest = np.finfo(np.float64).max
    assert active_latents([[-largest, 0.0], [largest, 0.0]]).tolist() == [
        True,
        False,
    ]
