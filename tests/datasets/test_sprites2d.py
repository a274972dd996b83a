"""The embedded binary shapes."""

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.datasets.sprites2d import shapes

pytestmark = pytest.mark.backend_free


def cut_out(picture):
    """The part of a picture with the shape in it: the same anywhere."""
    rows, columns = (np.flatnonzero(picture.any(axis)) for axis in (1, 0))
    part = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return part.shape, part.tobytes()


def test_no_two_sprites_look_the_same_wherever_they_are():
    sprites = shapes.sprite_table()
    assert len({cut_out(sprite) for sprite in sprites}) == 720


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_no_shape_is_symmetric_under_rotation(shape):
    upright = shapes.draw(shape, 1.0, 0.0)
    area = upright.sum()
    for orientation in shapes.ORIENTATIONS[1:]:
        turned = shapes.draw(shape, 1.0, orientation)
        # A turn of nine degrees moves more than rounding does.
        assert (turned != upright).sum() > 0.02 * area
        assert turned.sum() == pytest.approx(area, rel=0.1)  # nothing is cut


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_shapes_lie_within_the_unit_circle(shape):
    across = np.linspace(-2, 2, 801)
    x, y = np.meshgrid(across, across)
    assert np.hypot(x, y)[shapes.SHAPES[shape](x, y)].max() <= 1.03


def test_scale_is_the_ratio_of_lengths():
    areas = [
        np.mean([shapes.draw("drop", scale, o).sum() for o in (0, 1, 2)])
        for scale in shapes.SCALES
    ]
    np.testing.assert_allclose(
        np.sqrt(areas / areas[-1]), shapes.SCALES, rtol=0.02
    )


def test_positions_are_a_pixel_apart():
    dataset = datasets.load("sprites2d")
    grid = [[1, 3, 7, x, y] for x in (0, 1, 31) for y in (0, 1, 31)]
    images = dataset.images(dataset.index_of(grid))
    for (_, _, _, x, y), image in zip(grid, images[..., 0], strict=True):
        moved = np.roll(images[0, ..., 0], (y, x), axis=(0, 1))
        np.testing.assert_array_equal(image, moved)


def test_images_are_binary_and_complete():
    dataset = datasets.load("sprites2d")
    index = np.random.default_rng(0).integers(0, len(dataset), 500)
    images = dataset.images(index)
    assert set(np.unique(images)) == {0, 255}
    sprites = shapes.sprite_table()[index // 32**2]
    np.testing.assert_array_equal(
        images.sum((1, 2, 3)) // 255, sprites.sum((1, 2))
    )


def test_tensorflow_draws_the_same():
    dataset = datasets.load("sprites2d")
    index = np.random.default_rng(1).integers(0, len(dataset), 200)
    ((images, factors),) = dataset.subset(index).as_tf_dataset(200)
    wanted = dataset.images(index).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(images, wanted)
    np.testing.assert_array_equal(factors, dataset.factors(index))
