"""Style modulation: its values, and gradients to second order."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import StyleModulation
from tests.derivatives import penalty
from tests.derivatives import penalty_gradients


def make(dtype="float32"):
    layer = StyleModulation(
        epsilon=0.01,
        kernel_initializer=keras.initializers.RandomNormal(seed=0, stddev=1.0),
        bias_initializer=keras.initializers.RandomNormal(seed=1, stddev=1.0),
        dtype=dtype,
    )
    layer.build((None, 3, 4, 2), (None, 5))
    return layer


def test_equals_numpy():
    rng = np.random.default_rng(0)
    features = rng.normal(1, 2, (3, 3, 4, 2)).astype("float32")
    style = rng.normal(size=(3, 5)).astype("float32")
    layer = make()
    kernel, bias = layer.get_weights()
    assert kernel.shape == (5, 4)
    modulation = np.maximum(style @ kernel + bias, 0)
    scale = modulation[:, None, None, :2]
    shift = modulation[:, None, None, 2:]
    mean = features.mean((1, 2), keepdims=True)
    deviation = np.sqrt(features.var((1, 2), keepdims=True) + 0.01)
    expected = scale * (features - mean) / deviation + shift
    # Some 20 roundings of float32 at values up to 10.
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(features, style)), expected, atol=2e-5
    )


def test_gradients_to_second_order(float64):
    """By features and by style, against central differences."""
    layer = make("float64")
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=(2, 3, 4, 2)), rng.normal(size=(2, 5))]
    directions = [rng.normal(size=a.shape) for a in arrays]
    weights = rng.normal(size=arrays[0].shape)
    h = 1e-6

    def function(features, style):
        outputs = ops.tanh(layer(features, style))
        return ops.sum(ops.convert_to_tensor(weights) * outputs)

    def moved(step):
        moved = zip(arrays, directions, strict=True)
        return penalty(function, *(a + step * d for a, d in moved))

    slopes = penalty_gradients(function, *arrays)
    actual = sum(np.sum(s * d) for s, d in zip(slopes, directions, strict=True))
    # No unit of the ReLU changes sign within the step, at this seed.
    expected = (moved(h) - moved(-h)) / (2 * h)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_errors():
    with pytest.raises(ValueError, match=r"features of shape \(batch, height"):
        StyleModulation()(
            np.zeros((2, 3, 4), "float32"), np.zeros((2, 5), "float32")
        )
    with pytest.raises(ValueError, match="`epsilon` must be positive"):
        StyleModulation(epsilon=0)


def test_a_linear_style_around_one():
    """`scale_offset=1`: a style of zeros only normalizes."""
    layer = StyleModulation(
        epsilon=1e-5,
        activation="linear",
        scale_offset=1.0,
        kernel_initializer=keras.initializers.RandomNormal(seed=0),
    )
    x = np.random.default_rng(2).normal(3, 2, (2, 3, 4, 2)).astype("float32")
    style = np.array([[0.0, 0.0], [1.0, -2.0]], "float32")
    outputs = ops.convert_to_numpy(layer(x, style))
    modulation = style @ layer.get_weights()[0]
    assert modulation.min() < 0
    deviation = np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    normalized = (x - x.mean((1, 2), keepdims=True)) / deviation
    scale, shift = modulation[:, None, None, :2], modulation[:, None, None, 2:]
    expected = (1 + scale) * normalized + shift
    np.testing.assert_allclose(outputs, expected, atol=2e-5)
    np.testing.assert_allclose(outputs[0], normalized[0], atol=2e-5)
