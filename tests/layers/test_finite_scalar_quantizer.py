"""A fixed grid, against NumPy."""

import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import FiniteScalarQuantizer
from tests.derivatives import gradients


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("num_values", [2, 3, 12])
def test_equals_numpy(num_values):
    layer = FiniteScalarQuantizer(4, num_values)
    z = np.random.default_rng(0).normal(size=(9, 5, 4)).astype("float32")
    grid = np.linspace(-1, 1, num_values).astype("float32")
    codes = np.abs(np.tanh(z)[..., None] - grid).argmin(axis=-1)
    result = layer.compute(z)
    assert numpy(result.codes).dtype == "int32"
    np.testing.assert_array_equal(numpy(result.codes), codes)
    np.testing.assert_array_equal(numpy(layer.codes(z)), codes)
    # To the last bit: the decoder meets the grid and nothing else.
    np.testing.assert_array_equal(numpy(result.outputs), grid[codes])
    np.testing.assert_array_equal(numpy(layer.values(codes)), grid[codes])
    np.testing.assert_allclose(numpy(layer.scalars(z)), np.tanh(z), 1e-5)
    np.testing.assert_array_equal(layer.codebooks, [grid] * 4)


def test_far_inputs_have_the_outermost_values():
    z = np.array([[-1e6, 1e6]], "float32")
    assert numpy(FiniteScalarQuantizer(2)(z)).tolist() == [[-1.0, 1.0]]


def test_nan_stays_nan():
    """NaN goes through to the loss, instead of an index out of range."""
    z = np.array([[float("nan"), 0.9]], "float32")
    layer = FiniteScalarQuantizer(2, 3)
    assert np.isnan(numpy(layer(z))).tolist() == [[True, False]]
    assert 0 <= numpy(layer.codes(z))[0, 0] <= 2


def test_gradient_is_that_of_the_tanh():
    z = np.array([[-0.4, 0.0, 2.0]], "float32")
    layer = FiniteScalarQuantizer(3)
    actual = gradients(lambda z: ops.sum(layer.compute(z).outputs), z)[0]
    np.testing.assert_allclose(actual, 1 - np.tanh(z) ** 2, rtol=1e-5)


def test_has_no_weights_and_adds_no_loss():
    layer = FiniteScalarQuantizer(3)
    layer(np.zeros((2, 3), "float32"))
    assert layer.weights == []
    assert layer.losses == []
    assert layer.is_discrete


def test_draws_uniformly_from_the_grid():
    layer = FiniteScalarQuantizer(2, 3)
    codes = numpy(layer.sample_codes(3000, seed=0))
    assert codes.dtype == "int32"
    for column in codes.T:
        # Five standard errors: 5 * sqrt(3000 * 2 / 9) = 129.
        counts = np.bincount(column, minlength=3)
        np.testing.assert_allclose(counts, 1000, atol=129)
    assert set(np.unique(numpy(layer.sample(50, seed=0)))) == {-1.0, 0.0, 1.0}


def test_refuses():
    with pytest.raises(ValueError, match=r"at least 2.*num_values=1"):
        FiniteScalarQuantizer(3, 1)
    with pytest.raises(ValueError, match="latent 0 must be from 0 to 2"):
        FiniteScalarQuantizer(1, 3).values([[3]])
