"""The transposed convolution against the stock one of Keras."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import backend
from keras_qlae.layers import Conv2DTranspose
from tests.cases import slow_on
from tests.derivatives import gradients
from tests.derivatives import penalty_gradients

SETTINGS = [
    (kernel_size, strides)
    for kernel_size in (1, 2, 3, 4, 5)
    for strides in (1, 2, 3)
]


def stock(x, kernel, strides):
    return ops.conv_transpose(
        x, kernel, strides, padding="same", data_format="channels_last"
    )


def all_settings(operation):
    """One scalar of the inputs and the kernels of every setting."""
    rng = np.random.default_rng(0)
    weights = [
        ops.convert_to_tensor(rng.normal(size=(2, 3 * s, 5 * s, 3)))
        for _, s in SETTINGS
    ]

    def function(x, *kernels):
        return sum(
            ops.sum(ops.tanh(operation(x, kernel, strides)) * weight)
            for kernel, weight, (_, strides) in zip(
                kernels, weights, SETTINGS, strict=True
            )
        )

    return function


@pytest.fixture
def inputs():
    """Odd sizes, 3 x 5, and a kernel for each setting."""
    rng = np.random.default_rng(1)
    kernels = [rng.normal(size=(k, k, 3, 2)) / k for k, _ in SETTINGS]
    return [rng.normal(size=(2, 3, 5, 2)), *kernels]


@pytest.mark.parametrize(("kernel_size", "strides"), SETTINGS)
def test_forward_equals_the_stock_operation(kernel_size, strides):
    rng = np.random.default_rng(2)
    x = ops.array(rng.normal(size=(2, 3, 5, 2)), "float32")
    kernel = rng.normal(size=(kernel_size, kernel_size, 3, 2))
    kernel = ops.array(kernel, "float32")
    actual = ops.convert_to_numpy(backend.conv2d_transpose(x, kernel, strides))
    expected = ops.convert_to_numpy(stock(x, kernel, strides))
    assert actual.shape == (2, 3 * strides, 5 * strides, 3)
    # The same sums of at most 50 products.
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize("derive", [gradients, penalty_gradients])
def test_gradients_equal_the_stock_operation(derive, inputs, float64):
    actual = derive(all_settings(backend.conv2d_transpose), *inputs)
    expected = derive(all_settings(stock), *inputs)
    for ours, theirs in zip(actual, expected, strict=True):
        assert np.abs(theirs).max() > 0
        # float64: the same sums in another order.
        np.testing.assert_allclose(
            ours, theirs, rtol=0, atol=1e-10 * np.abs(theirs).max()
        )


@pytest.mark.parametrize(
    "arguments",
    [
        {"padding": "same", "strides": 2, "activation": "tanh"},
        {"padding": "same", "strides": 2, "use_bias": False},
        {"padding": "valid", "strides": 2},
        {"padding": "same", "strides": (1, 2)},
        {"padding": "same", "strides": 2, "output_padding": 1},
    ],
    ids=str,
)
def test_layer_equals_the_stock_layer(arguments):
    """The settings with a path of their own, and those left to Keras."""
    x = np.random.default_rng(3).normal(size=(2, 3, 4, 2)).astype("float32")
    ours = Conv2DTranspose(3, 3, bias_initializer="normal", **arguments)
    theirs = keras.layers.Conv2DTranspose(3, 3, **arguments)
    expected_shape = theirs(x).shape
    actual = ops.convert_to_numpy(ours(x))
    theirs.set_weights(ours.get_weights())
    assert actual.shape == tuple(expected_shape)
    np.testing.assert_allclose(
        actual, ops.convert_to_numpy(theirs(x)), atol=1e-5
    )


@pytest.mark.parametrize("dtype", [*slow_on("jax")("float32"), "float64"])
@pytest.mark.parametrize("derive", [gradients, penalty_gradients])
@pytest.mark.parametrize(("kernel_size", "strides"), [(3, 1), (4, 2)])
def test_one_image_of_one_channel(kernel_size, strides, derive, dtype, float64):
    """Half the result of the image twice: PyTorch refuses some layouts."""
    rng = np.random.default_rng(4)

    def function(x, kernel):
        outputs = backend.conv2d_transpose(x, kernel, strides)
        return ops.sum(ops.tanh(outputs))

    for channels_in, channels_out in ((1, 1), (1, 2), (2, 1)):
        x = rng.normal(size=(1, 3, 5, channels_in)).astype(dtype)
        kernel = rng.normal(
            size=(kernel_size, kernel_size, channels_out, channels_in)
        ).astype(dtype)
        one = derive(function, x, kernel)
        two = derive(function, np.concatenate([x, x]), kernel)
        # Rounding: the same sums in another order.
        rtol = {"float32": 1e-4, "float64": 1e-10}[dtype]
        for a, b, half in zip(one, two, [two[0][:1], two[1] / 2], strict=True):
            assert a.dtype == b.dtype == dtype
            scale = np.abs(half).max()
            assert scale > 0
            np.testing.assert_allclose(a, half, rtol=0, atol=rtol * scale)
