"""The learned map."""

import numpy as np
from keras import ops

from keras_qlae.layers import LearnedMap
from tests.gradients import gradients_of


def test_every_example_gets_the_same_map():
    layer = LearnedMap((2, 3, 1))
    layer.build((None, 4))
    np.testing.assert_allclose(layer.get_weights()[0], 0.1, rtol=1e-6)
    expected = np.arange(6, dtype="float32").reshape(2, 3, 1)
    layer.input_map.assign(expected)
    outputs = ops.convert_to_numpy(layer(np.zeros((5, 4), "float32")))
    np.testing.assert_array_equal(outputs, np.stack([expected] * 5))


def test_the_map_gets_the_sum_of_the_examples_gradients():
    layer = LearnedMap((2, 2, 1), initial_value=-1.0)
    layer.build((None, 1))
    weights = ops.reshape(ops.array([1.0, 2.0, 4.0]), (3, 1, 1, 1))

    def loss():
        return ops.sum(layer(np.zeros((3, 1), "float32")) * weights)

    gradient = gradients_of(loss, layer)[id(layer.input_map)]
    np.testing.assert_allclose(gradient, np.full((2, 2, 1), 7.0))
