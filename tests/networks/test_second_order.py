"""Gradients of a gradient penalty through every network a critic may be.

In float64 against central differences of the network's own forward pass and
first gradient, and between backends: the same weights, the same numbers.
"""

import json
from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import networks
from tests.derivatives import gradients
from tests.derivatives import penalty
from tests.derivatives import penalty_gradients
from tests.derivatives import value
from tests.subprocesses import run_python

SHAPE = (8, 8, 2)
SIZE = {
    "blocks": [(3, 3, 1), (4, 4, 2)],
    "dense_units": [6],
    "seed": 0,
    "dtype": "float64",
}
CRITICS = {
    "image_trunk": lambda: networks.image_trunk(SHAPE, 3, **SIZE),
    "image_encoder": lambda: networks.image_encoder(SHAPE, 1, **SIZE),
    "dense_encoder": lambda: networks.dense_encoder(
        SHAPE, 1, dense_units=[9, 7], seed=0, dtype="float64"
    ),
}


def critic(name):
    """Separate weights, and the function from images and weights."""
    network = CRITICS[name]()
    rng = np.random.default_rng(1)
    weights = [rng.normal(0, 0.5, v.shape) for v in network.trainable_variables]

    def function(images, *weights):
        outputs, _ = network.stateless_call(list(weights), [], images)
        heads = keras.tree.flatten(outputs)
        return sum(ops.sum(ops.tanh(head)) for head in heads)

    return function, [rng.random((2, *SHAPE)), *weights]


def both_orders(name):
    function, arrays = critic(name)
    return (
        gradients(function, *arrays),
        penalty_gradients(function, *arrays),
    )


def slope(function, arrays, directions):
    """Along a direction; h so small that no leaky ReLU's kink is met."""
    h = 1e-7
    ahead = [a + h * d for a, d in zip(arrays, directions, strict=True)]
    behind = [a - h * d for a, d in zip(arrays, directions, strict=True)]
    return (function(*ahead) - function(*behind)) / (2 * h)


@pytest.mark.parametrize("name", CRITICS)
def test_gradients_are_those_of_finite_differences(name, float64):
    function, arrays = critic(name)
    rng = np.random.default_rng(2)
    orders = both_orders(name)
    # Images and weights each along a direction of their own.
    for part in (slice(0, 1), slice(1, None)):
        directions = [np.zeros_like(a) for a in arrays]
        directions[part] = [rng.normal(size=a.shape) for a in arrays[part]]
        for order, of in zip(orders, (value, penalty), strict=True):
            expected = slope(partial(of, function), arrays, directions)
            actual = sum(
                np.sum(g * d) for g, d in zip(order, directions, strict=True)
            )
            # Rounding of 1e-16 over a step of 1e-7, and some sums.
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-8)


ELSEWHERE = """
import os
if os.environ["KERAS_BACKEND"] == "torch":
    import torch  # before TensorFlow, or it crashes
import importlib, json, sys
import keras
import numpy as np
dtypes = importlib.import_module("keras.src.backend.common.dtypes")
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # as in the fixture
keras.config.set_floatx("float64")
if keras.backend.backend() == "jax":
    import jax
    jax.config.update("jax_enable_x64", True)
from tests.networks.test_second_order import CRITICS, both_orders
results = {
    name: [np.concatenate([np.ravel(g) for g in order]).tolist()
           for order in both_orders(name)]
    for name in CRITICS
}
print("RESULT", json.dumps(results))
"""


@pytest.mark.slow
@pytest.mark.one_backend
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_gradients_are_those_of_another_backend(backend, float64):
    pytest.importorskip(backend)
    output = run_python(ELSEWHERE, backend=backend)
    there = json.loads(output.rpartition("RESULT ")[2])
    for name in CRITICS:
        for here, other in zip(both_orders(name), there[name], strict=True):
            here = np.concatenate([np.ravel(g) for g in here])
            scale = np.abs(here).max()
            # TensorFlow keeps a leaky ReLU's slope in float32: 1e-8 of 0.2.
            np.testing.assert_allclose(here, other, rtol=0, atol=1e-6 * scale)
