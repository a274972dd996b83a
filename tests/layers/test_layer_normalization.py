"""Layer normalization: its values, and gradients to second order."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import LayerNormalization
from tests.derivatives import gradients
from tests.derivatives import penalty
from tests.derivatives import penalty_gradients
from tests.derivatives import value


def random_rows(*shape, seed=0):
    return np.random.default_rng(seed).normal(3, 2, shape)


def test_two_features():
    """Values 1 and 3: mean 2, variance 1, so -1 and 1, times 1/sqrt(1.21)."""
    layer = LayerNormalization(epsilon=0.21, center=False, scale=False)
    outputs = ops.convert_to_numpy(layer(ops.array([[1.0, 3.0]])))
    np.testing.assert_allclose(outputs, [[-1 / 1.1, 1 / 1.1]], rtol=1e-6)
    assert layer.weights == []


@pytest.mark.parametrize("shape", [(4, 7), (2, 3, 5)])
def test_equals_that_of_keras(shape):
    x = random_rows(*shape).astype("float32")
    own, stock = LayerNormalization(), keras.layers.LayerNormalization(-1, 1e-5)
    gamma, beta = random_rows(2, shape[-1], seed=1)
    for layer in (own, stock):
        layer.build(shape)
        layer.set_weights([gamma, beta])
    actual, expected = (
        ops.convert_to_numpy(layer(x)) for layer in (own, stock)
    )
    # Some roundings of float32 at values up to 10.
    np.testing.assert_allclose(actual, expected, atol=1e-5, rtol=0)


def test_gradients_to_second_order(float64):
    """Against central differences along a direction, error O(h**2)."""
    layer = LayerNormalization(dtype="float64")
    layer.build((3, 5))
    layer.gamma.assign(random_rows(5, seed=1))
    weights = ops.convert_to_tensor(random_rows(3, 5, seed=2))

    def function(x):
        return ops.sum(weights * ops.tanh(layer(x)))

    x, direction = random_rows(3, 5, seed=3), random_rows(3, 5, seed=4)
    h = 1e-5

    def slope(f):
        ahead, behind = f(x + h * direction), f(x - h * direction)
        return (ahead - behind) / (2 * h)

    first = np.sum(gradients(function, x)[0] * direction)
    expected = slope(lambda x: value(function, x))
    np.testing.assert_allclose(first, expected, rtol=1e-6)
    second = np.sum(penalty_gradients(function, x)[0] * direction)
    expected = slope(lambda x: penalty(function, x))
    np.testing.assert_allclose(second, expected, rtol=1e-6)


def test_errors():
    with pytest.raises(ValueError, match=r"`epsilon` must be positive.*0"):
        LayerNormalization(epsilon=0)
