"""The convolution against the stock one of Keras, at every size."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import models
from keras_qlae import networks
from keras_qlae.layers import Conv2D
from keras_qlae.layers import ScalarCodebookQuantizer
from tests.derivatives import gradients
from tests.derivatives import penalty_gradients
from tests.subprocesses import run_python

SETTINGS = [
    # kernel_size, strides, dilation_rate, padding
    *((k, s, 1, "same") for k in (1, 2, 3, 4, 5) for s in (1, 2, 3)),
    ((3, 4), (2, 1), 1, "same"),
    (3, 1, 2, "same"),
    (3, 2, 1, "valid"),
]
SIZES = [(batch, channels) for batch in (1, 2) for channels in (1, 2, 3, 4)]

on_torch = pytest.mark.skipif(
    keras.backend.backend() != "torch",
    reason="the operation of the others is Keras' own",
)


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def by_numpy(x, kernel, strides, dilation_rate, padding):
    """Output pixels one by one; odd padding has its extra zero at the end."""
    reach = [
        (k - 1) * d + 1
        for k, d in zip(kernel.shape[:2], dilation_rate, strict=True)
    ]
    if padding == "same":
        counts = [
            -(-n // s) for n, s in zip(x.shape[1:3], strides, strict=True)
        ]
        zeros = [
            max((c - 1) * s + r - n, 0)
            for c, s, r, n in zip(
                counts, strides, reach, x.shape[1:3], strict=True
            )
        ]
        x = np.pad(x, [(0, 0), *((z // 2, z - z // 2) for z in zeros), (0, 0)])
    counts = [
        (n - r) // s + 1
        for n, r, s in zip(x.shape[1:3], reach, strides, strict=True)
    ]
    outputs = np.zeros((len(x), *counts, kernel.shape[-1]), x.dtype)
    for i, j in np.ndindex(*counts):
        rows = slice(i * strides[0], i * strides[0] + reach[0])
        columns = slice(j * strides[1], j * strides[1] + reach[1])
        patch = x[:, rows, columns][:, :: dilation_rate[0], :: dilation_rate[1]]
        outputs[:, i, j] = np.tensordot(patch, kernel, ([1, 2, 3], [0, 1, 2]))
    return outputs


def make(filters, setting, dtype, **kwargs):
    kernel_size, strides, dilation_rate, padding = setting
    return Conv2D(
        filters,
        kernel_size,
        strides,
        padding,
        dilation_rate=dilation_rate,
        dtype=dtype,
        **kwargs,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_equals_numpy(setting, dtype, float64):
    rng = np.random.default_rng(0)
    sizes = SIZES if keras.backend.backend() == "torch" else SIZES[-1:]
    for batch, channels in sizes:
        x = rng.normal(size=(batch, 5, 6, channels)).astype(dtype)
        layer = make(2, setting, dtype, use_bias=False)
        actual = ops.convert_to_numpy(layer(ops.convert_to_tensor(x)))
        expected = by_numpy(
            x,
            layer.get_weights()[0],
            *(pair(value) for value in setting[1:3]),
            setting[3],
        )
        # The same sums of at most 100 products.
        atol = {"float32": 1e-5, "float64": 1e-13}[dtype]
        np.testing.assert_allclose(actual, expected, atol=atol)


def function_of(layer, dtype, shape):
    weights = np.random.default_rng(2).normal(size=shape).astype(dtype)

    def function(x, kernel):
        outputs = layer.convolution_op(x, kernel)
        return ops.sum(ops.tanh(outputs) * ops.convert_to_tensor(weights))

    return function


def all_gradients():
    """Of every size, to first and second order, in both precisions."""
    rng = np.random.default_rng(1)
    results = []
    for dtype in ("float32", "float64"):
        for batch, channels in SIZES:
            for setting in [(3, 1, 1, "same"), (4, 2, 1, "same")]:
                for filters in (1, 3):
                    layer = make(filters, setting, dtype)
                    arrays = [
                        rng.normal(size=(batch, 4, 6, channels)),
                        rng.normal(size=(*pair(setting[0]), channels, filters)),
                    ]
                    arrays = [a.astype(dtype) for a in arrays]
                    shape = layer.compute_output_shape(arrays[0].shape)
                    function = function_of(layer, dtype, shape)
                    results += gradients(function, *arrays)
                    results += penalty_gradients(function, *arrays)
    return results


ELSEWHERE = """
import importlib, json
import keras
dtypes = importlib.import_module("keras.src.backend.common.dtypes")
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # as in the fixture
from tests.layers.test_conv2d import all_gradients
print("RESULT", json.dumps([g.tolist() for g in all_gradients()]))
"""


@pytest.mark.slow
@on_torch
def test_gradients_are_those_of_keras_on_tensorflow(float64):
    pytest.importorskip("tensorflow")
    output = run_python(ELSEWHERE, backend="tensorflow")
    expected = json.loads(output.rpartition("RESULT ")[2])
    for actual, other in zip(all_gradients(), expected, strict=True):
        # The same sums in another order.
        rtol = {"float32": 1e-4, "float64": 1e-10}[str(actual.dtype)]
        scale = np.abs(other).max()
        np.testing.assert_allclose(actual, other, rtol=0, atol=rtol * scale)


def small_autoencoder(channels):
    latent = ScalarCodebookQuantizer(3, 4)
    shape = 8, 8, channels
    size = {"blocks": [(4, 4, 2)], "dense_units": [8], "seed": 1}
    model = models.Autoencoder(
        networks.image_encoder(shape, latent.num_inputs, **size),
        latent,
        networks.style_image_decoder(latent.num_outputs, shape, **size),
    )
    model.compile("adam")
    return model


def random_images(num_images, channels):
    shape = num_images, 8, 8, channels
    return np.random.default_rng(0).random(shape, "float32")


@on_torch
@pytest.mark.parametrize("num_images", [1, 33])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_last_batch_of_one_image(num_images, channels):
    """PyTorch refused it: `slow_conv2d: grad_weight must be contiguous`."""
    model = small_autoencoder(channels)
    before = model.get_weights()
    model.fit(random_images(num_images, channels), batch_size=32, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.all(np.isfinite(new))
        assert np.any(old != new)


@on_torch
@pytest.mark.parametrize("num_validation", [1, 11, 33])
def test_grey_images_are_split_into_training_and_validation(num_validation):
    """The last batch of training, and of validation too, is of one image."""
    images = random_images(33 + num_validation, channels=1)
    split = num_validation / len(images)
    model = small_autoencoder(channels=1)
    history = model.fit(
        images, batch_size=32, validation_split=split, verbose=0
    ).history
    assert np.isfinite(list(history.values())).all()
    expected = model.evaluate(
        images[33:], batch_size=32, verbose=0, return_dict=True
    )
    for name, value in expected.items():
        np.testing.assert_allclose(history[f"val_{name}"], value, rtol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {"activation": "tanh", "bias_initializer": "normal"},
        {"groups": 2, "padding": "same", "strides": 2},
    ],
    ids=str,
)
def test_layer_equals_the_stock_layer(arguments):
    x = np.random.default_rng(3).normal(size=(2, 5, 6, 4)).astype("float32")
    ours = Conv2D(6, 3, **arguments)
    theirs = keras.layers.Conv2D(6, 3, **arguments)
    expected_shape = theirs(x).shape
    actual = ops.convert_to_numpy(ours(x))
    theirs.set_weights(ours.get_weights())
    assert actual.shape == tuple(expected_shape)
    np.testing.assert_allclose(
        actual, ops.convert_to_numpy(theirs(x)), atol=1e-5
    )


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow",
    reason="TensorFlow has no channels first on a CPU",
)
def test_channels_first_is_left_to_keras():
    x = np.random.default_rng(4).normal(size=(2, 3, 5, 6)).astype("float32")
    ours = Conv2D(4, 3, data_format="channels_first")
    theirs = keras.layers.Conv2D(4, 3, data_format="channels_first")
    actual = ops.convert_to_numpy(ours(x))
    theirs(x)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(actual, ops.convert_to_numpy(theirs(x)))


def test_weights_of_a_model_saved_with_the_stock_layer(tmp_path):
    """The paths of the variables and the weights' file are the same."""

    def network(layer):
        inputs = keras.Input((6, 6, 2))
        x = layer(3, 3, padding="same", name="conv0")(inputs)
        return keras.Model(inputs, layer(1, 3, name="conv1")(x), name="net")

    ours, theirs = network(Conv2D), network(keras.layers.Conv2D)
    assert [v.path for v in ours.variables] == [
        v.path for v in theirs.variables
    ]
    theirs.save(tmp_path / "model.keras")
    theirs.save_weights(tmp_path / "model.weights.h5")
    ours.load_weights(tmp_path / "model.weights.h5")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(5).normal(size=(2, 6, 6, 2)).astype("float32")
    for model in (ours, loaded):
        np.testing.assert_allclose(
            ops.convert_to_numpy(model(x)),
            ops.convert_to_numpy(theirs(x)),
            atol=1e-5,
        )
