"""room3d: the embedded data set, drawn when it is asked for."""

import colorsys
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.checks import check_memory
from keras_qlae.datasets.factor_dataset import Op
from keras_qlae.datasets.grid_dataset import GridDataset
from keras_qlae.datasets.room3d import ray_caster
from keras_qlae.datasets.room3d.tables import FULL_LIGHT
from keras_qlae.datasets.room3d.tables import MIN_IMAGE_SIZE
from keras_qlae.datasets.room3d.tables import load_table
from keras_qlae.datasets.room3d.tables import table_bytes

HUES = np.arange(10) / 10
SKY = (153, 225, 249)
VERSION = 1  # of the pictures: counted up when they change
FACTORS = {
    "floor_hue": len(HUES),
    "wall_hue": len(HUES),
    "object_hue": len(HUES),
    "scale": len(ray_caster.SCALES),
    "shape": len(ray_caster.SHAPES),
    "orientation": len(ray_caster.ORIENTATIONS),
}
PIXELS_AT_ONCE = 2**16  # what the processor keeps at hand


def _palette() -> np.ndarray:
    """The colours of `HUES`, then of the sky.

    A colour is the level, 0 to 255, that a unit of light adds to a picture.
    With whole numbers for light and colour, an exact level is a multiple of
    1 / 255: at least 1 / 510 away from where rounding would turn, more than
    float32 errs. So NumPy and TensorFlow draw the same picture.

    Returns:
        float32 `(11, 3)`.
    """
    hues = [colorsys.hsv_to_rgb(hue, 1.0, 1.0) for hue in HUES]
    colors: np.ndarray = np.rint([*(255 * np.array(hues)), SKY])
    return (colors / FULL_LIGHT).astype(np.float32)


class Room3D(GridDataset):
    """A room with an object, as in 3D Shapes, at any image size.

    480,000 images have six factors, in this order:

    - `floor_hue`, `wall_hue`, `object_hue`: 10 each, 0 to 0.9 in steps of 0.1;
    - `scale`: 8, from 0.75 to 1.25;
    - `shape`: 4, cube, cylinder, sphere, capsule;
    - `orientation`: 15, from -30 to 30 degrees.

    Order and values are those of 3D Shapes; the pictures are not, so scores
    are not comparable with those published for 3D Shapes.

    A picture is `light @ colours`: only scale, shape and orientation move
    light, and their 480 tables are in the package for sizes 32 and 64. Other
    sizes are cast at first use, in about a second for 64 x 64 pixels.

    Args:
        image_size: Height and width, at least 8. Defaults to `64`.

    Example:
        >>> dataset = Room3D(image_size=32)
        >>> dataset.images([0, 479_999]).shape
        (2, 32, 32, 3)
        >>> dataset.factors([479_999]).tolist()
        [[9, 9, 9, 7, 3, 14]]
    """

    def __init__(self, image_size: int = 64) -> None:
        check_integer("image_size", image_size, minimum=MIN_IMAGE_SIZE)
        self.image_size = int(image_size)
        check_memory(f"image_size={image_size}", table_bytes(image_size))
        super().__init__(
            "room3d", FACTORS, (self.image_size, self.image_size, 3)
        )

    def _images(self, index: np.ndarray) -> np.ndarray:
        table = load_table(self.image_size)
        palette = _palette()
        images = np.empty((len(index), *self.image_shape), np.uint8)
        at_once = max(1, PIXELS_AT_ONCE // self.image_size**2)
        for start in range(0, len(index), at_once):
            part = index[start : start + at_once]
            hues = self._factors(part)[:, :3]
            sky = np.full((len(part), 1), len(HUES))
            colors = palette[np.concatenate([hues, sky], axis=1)]
            light = table[part % len(table)].astype(np.float32)
            levels = np.rint(light @ colors)
            images[start : start + at_once] = levels.reshape(
                -1, *self.image_shape
            )
        return images

    def _content(self) -> Iterator[bytes]:
        yield f"room3d {VERSION}".encode()

    def _image_op(self) -> Op:
        tf = pipeline.import_tensorflow()
        table = load_table(self.image_size)
        num_geometries, num_pixels, _ = table.shape
        # TensorFlow is slow with thin matrices: some pixels share a row.
        block = 4 if self.image_size % 2 == 0 else 1
        light_of = pipeline.gather_op(table)
        width = block * len(ray_caster.MATERIALS)
        color_of = pipeline.gather_op(_palette())
        factors_of = self._factor_op()
        unit = pipeline.unit_op()

        def images(index: Any) -> Any:
            hues = factors_of(index)[:, :3]
            sky = tf.fill((tf.shape(index)[0], 1), len(HUES))
            colors = color_of(tf.concat([hues, sky], axis=1))
            light = tf.cast(light_of(index % num_geometries), tf.float32)
            light = tf.reshape(light, (-1, num_pixels // block, width))
            levels = tf.round(tf.matmul(light, _on_diagonal(tf, colors, block)))
            return tf.reshape(unit(levels), (-1, *self.image_shape))

        return images


def _on_diagonal(tf: Any, matrices: Any, times: int) -> Any:
    """Puts each matrix on the diagonal of a larger one, several times.

    Args:
        tf: TensorFlow.
        matrices: `(n, rows, columns)`.
        times: How often.

    Returns:
        `(n, times * rows, times * columns)`.
    """
    _, rows, columns = matrices.shape
    diagonal = tf.eye(times)[:, None, :, None]
    blocks = diagonal * matrices[:, None, :, None, :]
    return tf.reshape(blocks, (-1, times * rows, times * columns))
