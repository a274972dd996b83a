"""Instance normalization: its values, and gradients to second order."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import InstanceNormalization
from tests.derivatives import gradients
from tests.derivatives import penalty
from tests.derivatives import penalty_gradients
from tests.derivatives import value


def random_map(*shape, seed=0):
    return np.random.default_rng(seed).normal(3, 2, shape)


def by_numpy(x, epsilon):
    axes = tuple(range(1, x.ndim - 1))
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt(x.var(axes, keepdims=True) + epsilon)


@pytest.mark.parametrize("shape", [(2, 7, 3), (2, 4, 5, 3), (2, 3, 4, 2, 3)])
def test_equals_numpy(shape):
    x = random_map(*shape)
    layer = InstanceNormalization(epsilon=0.1)
    layer.build(shape)
    layer.gamma.assign([1.0, -2.0, 0.5])
    layer.beta.assign([0.0, 1.0, 3.0])
    expected = by_numpy(x, 0.1) * [1, -2, 0.5] + [0, 1, 3]
    actual = ops.convert_to_numpy(layer(x.astype("float32")))
    # 20 roundings of float32 at most at values up to 10.
    np.testing.assert_allclose(actual, expected, atol=2e-5, rtol=0)


def test_two_pixels():
    """Values 1 and 3: mean 2, variance 1, so -1 and 1."""
    layer = InstanceNormalization(center=False, scale=False)
    outputs = layer(ops.array([[[1.0], [3.0]]]))
    # epsilon = 1e-6 shrinks them by half of that.
    np.testing.assert_allclose(
        ops.convert_to_numpy(outputs), [[[-1.0], [1.0]]], atol=1e-6
    )
    assert layer.weights == []


def test_a_constant_channel_gives_beta():
    layer = InstanceNormalization()
    layer.build((1, 2, 2, 1))
    layer.beta.assign([0.25])
    outputs = ops.convert_to_numpy(layer(ops.full((1, 2, 2, 1), 7.0)))
    np.testing.assert_array_equal(outputs, np.full((1, 2, 2, 1), 0.25))


def test_half_precision_inputs_have_float32_moments():
    """In float16 the square of 300 overflows, and 2048 + 1 is 2048."""
    x = np.array([300.0, -300.0] * 2000 + [0.0], "float16").reshape(1, -1, 1)
    layer = InstanceNormalization(dtype="mixed_float16")
    outputs = ops.convert_to_numpy(layer(ops.convert_to_tensor(x)))
    # One rounding to float16 at the end.
    np.testing.assert_allclose(
        outputs, by_numpy(x.astype("float64"), 1e-6), atol=1e-3
    )


def scalar_of(layer, shape):
    weights = np.random.default_rng(1).normal(size=shape)

    def function(x):
        return ops.sum(ops.convert_to_tensor(weights) * ops.tanh(layer(x)))

    return function


def test_gradients_to_second_order(float64):
    """Against central differences along a direction, error O(h**2)."""
    shape = (2, 3, 4, 2)
    layer = InstanceNormalization(dtype="float64")
    layer.build(shape)
    layer.gamma.assign([0.7, 1.3])
    function = scalar_of(layer, shape)
    x = random_map(*shape, seed=2)
    direction = random_map(*shape, seed=3)
    h = 1e-5

    def slope(f):
        return (f(x + h * direction) - f(x - h * direction)) / (2 * h)

    first = np.sum(gradients(function, x)[0] * direction)
    second = np.sum(penalty_gradients(function, x)[0] * direction)
    expected = slope(lambda x: value(function, x))
    np.testing.assert_allclose(first, expected, rtol=1e-6)
    expected = slope(lambda x: penalty(function, x))
    # The fault of `keras.ops.moments` on TensorFlow is above 1e-3 here.
    np.testing.assert_allclose(second, expected, rtol=1e-6)


def test_errors():
    with pytest.raises(ValueError, match=r"`epsilon` must be positive.*-1"):
        InstanceNormalization(epsilon=-1)
    with pytest.raises(ValueError, match=r"at least one spatial axis.*\(2, 3"):
        InstanceNormalization()(np.zeros((2, 3), "float32"))
    with pytest.raises(ValueError, match="spatial axis"):
        InstanceNormalization()(keras.Input((3,)))
