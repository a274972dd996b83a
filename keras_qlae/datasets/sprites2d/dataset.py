"""sprites2d: the second embedded data set, drawn when it is asked for."""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.factor_dataset import Op
from keras_qlae.datasets.grid_dataset import GridDataset
from keras_qlae.datasets.sprites2d.shapes import ORIENTATIONS
from keras_qlae.datasets.sprites2d.shapes import SCALES
from keras_qlae.datasets.sprites2d.shapes import SHAPES
from keras_qlae.datasets.sprites2d.shapes import SPRITE
from keras_qlae.datasets.sprites2d.shapes import sprite_table

IMAGE_SIZE = 64
POSITIONS = IMAGE_SIZE - SPRITE + 1  # 32, a pixel apart
MARGIN = POSITIONS - 1
PADDED = SPRITE + 2 * MARGIN
VERSION = 1  # of the pictures: counted up when they change
FACTORS = {
    "shape": len(SHAPES),
    "scale": len(SCALES),
    "orientation": len(ORIENTATIONS),
    "x_position": POSITIONS,
    "y_position": POSITIONS,
}


@functools.cache
def _padded_table() -> np.ndarray:
    """All sprites with a margin from which every image can be cut out.

    uint8 0 and 255 `(720, PADDED, PADDED)`, read-only.
    """
    margin = ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN))
    table: np.ndarray = np.pad(sprite_table() * np.uint8(255), margin)
    table.flags.writeable = False
    return table


class Sprites2D(GridDataset):
    """White shapes on black, as in dSprites, but each factor can be found.

    737,280 binary images of 64 x 64 pixels have five factors, in this order:

    - `shape`: 3, notched square, drop, heart;
    - `scale`: 6, from 0.5 to 1;
    - `orientation`: 40, from 0 to 351 degrees in steps of 9;
    - `x_position`: 32, a pixel apart, from left to right;
    - `y_position`: 32, a pixel apart, from top to bottom.

    In dSprites, squares and ellipses look the same after some rotations, and
    orientation includes both ends of the circle: no method can identify it
    there. Here no two images are the same. The sizes are those of dSprites,
    but the pictures differ: scores are not comparable.

    Example:
        >>> dataset = Sprites2D()
        >>> dataset.images([0]).shape
        (1, 64, 64, 1)
        >>> len(dataset)
        737280
    """

    def __init__(self) -> None:
        super().__init__("sprites2d", FACTORS, (IMAGE_SIZE, IMAGE_SIZE, 1))

    def _images(self, index: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(
            _padded_table(), (IMAGE_SIZE, IMAGE_SIZE), (1, 2)
        )
        sprite, place = np.divmod(index, POSITIONS**2)
        x, y = np.divmod(place, POSITIONS)
        images: np.ndarray = windows[sprite, MARGIN - y, MARGIN - x]
        return images[..., None]

    def _content(self) -> Iterator[bytes]:
        yield f"sprites2d {VERSION}".encode()

    def _image_op(self) -> Op:
        tf = pipeline.import_tensorflow()
        pixel_of = pipeline.gather_op(_padded_table().reshape(-1))
        unit = pipeline.unit_op()
        pixels = np.arange(IMAGE_SIZE)
        within = (pixels[:, None] * PADDED + pixels).astype(np.int32)
        # The whole table has fewer entries than int32 can count.
        offsets = tf.convert_to_tensor(within)

        def images(index: Any) -> Any:
            index = tf.cast(index, tf.int32)
            sprite, place = index // POSITIONS**2, index % POSITIONS**2
            row = MARGIN - place % POSITIONS
            column = MARGIN - place // POSITIONS
            first = (sprite * PADDED + row) * PADDED + column
            levels = pixel_of(first[:, None, None] + offsets)
            return unit(levels)[..., None]

        return images


INFO = DatasetInfo(
    name="sprites2d",
    summary="White shapes on black; embedded, no download; 64x64 pixels.",
    description=(
        "Binary pictures of a notched square, a drop or a heart, drawn by "
        "this package. Sizes of factors and images are those of dSprites, but "
        "no shape is symmetric under rotation and orientation has one end of "
        "the circle, so that every factor can be identified. Scores are not "
        "comparable with those published for dSprites."
    ),
    factors=FACTORS,
    native_shape=(64, 64, 1),
    options={},
    licence="Apache-2.0, as this package",
    citation=(
        "Drawn by keras-qlae. After: L. Matthey, I. Higgins, D. Hassabis, "
        "A. Lerchner, dSprites, 2017, "
        "https://github.com/google-deepmind/dsprites-dataset"
    ),
    make=Sprites2D,
)
