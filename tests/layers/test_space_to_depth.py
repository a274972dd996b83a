"""Space to depth: the position of each value, and errors."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import SpaceToDepth


@pytest.mark.parametrize("size", [1, 2, 3])
def test_each_value_goes_to_its_part(size):
    x = np.random.default_rng(0).normal(size=(2, 6, 12, 2)).astype("float32")
    outputs = ops.convert_to_numpy(SpaceToDepth(size)(x))
    assert outputs.shape == (2, 6 // size, 12 // size, 2 * size**2)
    for row, column, channel in np.ndindex(size, size, 2):
        np.testing.assert_array_equal(
            outputs[..., (channel * size + row) * size + column],
            x[:, row::size, column::size, channel],
        )


def test_errors():
    with pytest.raises(ValueError, match=r"its size divides.*\(2, 6, 5, 1\)"):
        SpaceToDepth()(np.zeros((2, 6, 5, 1), "float32"))
    with pytest.raises(ValueError, match="its size divides"):
        SpaceToDepth()(keras.Input((None, 4, 1)))
    for size in (0, 1.5):
        with pytest.raises(ValueError, match="`size` must be an integer"):
            SpaceToDepth(size)
