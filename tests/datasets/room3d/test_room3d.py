"""The pictures of room3d."""

import colorsys
import tracemalloc

import numpy as np
import pytest

from keras_qlae.datasets import Room3D
from keras_qlae.datasets.room3d.tables import load_table

pytestmark = pytest.mark.backend_free


def test_factors_are_those_of_3d_shapes_in_its_order():
    dataset = Room3D()
    assert len(dataset) == 480_000
    assert dataset.factor_names == (
        "floor_hue",
        "wall_hue",
        "object_hue",
        "scale",
        "shape",
        "orientation",
    )
    assert dataset.factor_sizes == (10, 10, 10, 8, 4, 15)
    assert dataset.factors([0, 1, 15, 60, 480]).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0, 0],
    ]


@pytest.mark.parametrize("image_size", [8, 32, 64])
def test_a_picture_is_its_light_times_its_colors(image_size):
    dataset = Room3D(image_size)
    index = np.random.default_rng(0).integers(0, len(dataset), 600)
    factors = dataset.factors(index)
    images = dataset.images(index)
    for image, row, position in zip(images, factors, index, strict=True):
        colors = [colorsys.hsv_to_rgb(hue / 10, 1, 1) for hue in row[:3]]
        palette = np.rint([*(255 * np.array(colors)), [153, 225, 249]])
        light = load_table(image_size)[position % 480].astype(np.int64)
        total = light @ palette.astype(np.int64)
        wanted = ((2 * total + 255) // 510).reshape(dataset.image_shape)
        np.testing.assert_array_equal(image, wanted)


@pytest.mark.parametrize("image_size", [32, 64])
def test_every_value_of_every_factor_shows(image_size):
    """Two neighbouring values differ by more than noise, in every context."""
    dataset = Room3D(image_size)
    rng = np.random.default_rng(0)
    for column, size in enumerate(dataset.factor_sizes):
        before = dataset.factors(rng.integers(0, len(dataset), 200))
        before[:, column] = rng.integers(0, size - 1, 200)
        after = before.copy()
        after[:, column] += 1
        pair = [
            dataset.images(dataset.index_of(factors)).astype(float) / 255
            for factors in (before, after)
        ]
        changed = (np.abs(pair[0] - pair[1]).max(axis=-1) > 0.05).sum((1, 2))
        assert changed.min() >= image_size**2 / 256, column


def test_memory_is_bounded_by_the_images_themselves():
    dataset = Room3D(32)
    dataset.images([0])
    tracemalloc.start()
    images = dataset.images(np.arange(20_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < images.nbytes + 2**25


@pytest.mark.parametrize("image_size", [7, 0, -64, 32.0, "64", True])
def test_an_impossible_size_is_refused(image_size):
    with pytest.raises(ValueError, match="`image_size` must be an integer of"):
        Room3D(image_size)
