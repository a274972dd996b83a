"""Pictures that are light times colours."""

import abc
import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.casting.light_table import FULL_LIGHT
from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.checks import check_memory
from keras_qlae.datasets.factor_dataset import Op
from keras_qlae.datasets.grid_dataset import GridDataset

MIN_IMAGE_SIZE = 8
PIXELS_AT_ONCE = 2**16  # what the processor keeps at hand

Color = tuple[float, float, float]


class LightDataset(GridDataset):
    """Pictures whose factors are colours or geometry.

    A picture is `light @ colours`: the light from each material to each pixel,
    from a table of all geometries, times the colours of the materials. A
    subclass defines `_table`.

    A colour is the level, 0 to 255, that a unit of light adds to a picture.
    Light and colours are whole numbers, so an exact level is a multiple of
    1 / 255. It is at least 1 / 510 away from a rounding boundary, which is
    more than the error of float32. So NumPy and TensorFlow draw the same
    picture.

    Args:
        name: Name of the data set.
        factors: The number of values of each factor.
        image_size: Height and width, at least 8.
        materials: The colours of each material, 0 to 255, in the table's
            order. A material with the name of a factor has a colour for each
            of its values, any other has one.
    """

    def __init__(
        self,
        name: str,
        factors: Mapping[str, int],
        image_size: int,
        materials: Mapping[str, Sequence[Color]],
    ) -> None:
        check_integer("image_size", image_size, minimum=MIN_IMAGE_SIZE)
        self.image_size = int(image_size)
        super().__init__(name, factors, (self.image_size, self.image_size, 3))
        geometry = {k: n for k, n in factors.items() if k not in materials}
        num_pixels = self.image_size**2
        self._table_shape = (
            math.prod(geometry.values()),
            num_pixels,
            len(materials),
        )
        check_memory(f"image_size={image_size}", math.prod(self._table_shape))
        levels = np.rint([c for colors in materials.values() for c in colors])
        self._palette = (levels / FULL_LIGHT).astype(np.float32)
        # factors @ chooses + first: rows of the palette, then the geometry.
        names = list(factors)
        counts = [0, *(len(colors) for colors in materials.values())]
        self._first = np.cumsum(counts, dtype=np.int32)
        self._first[-1] = 0
        self._chooses = np.zeros((len(names), len(counts)), np.int32)
        for column, material in enumerate(materials):
            if material in factors:
                self._chooses[names.index(material), column] = 1
        stride = 1
        for factor in reversed(geometry):
            self._chooses[names.index(factor), -1] = stride
            stride *= geometry[factor]

    @abc.abstractmethod
    def _table(self) -> np.ndarray:
        """Returns the light of all geometries, the same array at every call.

        uint8 `(num_geometries, image_size ** 2, num_materials)`; the sum of a
        pixel is at most 255.
        """

    def _images(self, index: np.ndarray) -> np.ndarray:
        table = self._table()
        images = np.empty((len(index), *self.image_shape), np.uint8)
        at_once = max(1, PIXELS_AT_ONCE // self.image_size**2)
        for start in range(0, len(index), at_once):
            part = index[start : start + at_once]
            chosen = self._factors(part) @ self._chooses + self._first
            light = table[chosen[:, -1]].astype(np.float32)
            levels = np.rint(light @ self._palette[chosen[:, :-1]])
            images[start : start + at_once] = levels.reshape(
                -1, *self.image_shape
            )
        return images

    def _level_op(self) -> Op:
        """Like `_image_op`, with whole levels from 0 to 255."""
        tf = pipeline.import_tensorflow()
        _, num_pixels, num_materials = self._table_shape
        # TensorFlow is slow with thin matrices: some pixels share a row.
        block = 4 if self.image_size % 2 == 0 else 1
        light_of = pipeline.gather_op(self._table())
        color_of = pipeline.gather_op(self._palette)
        factors_of = self._factor_op()

        def levels(index: Any) -> Any:
            chosen = tf.matmul(factors_of(index), self._chooses) + self._first
            colors = color_of(chosen[:, :-1])
            light = tf.cast(light_of(chosen[:, -1]), tf.float32)
            light = tf.reshape(
                light, (-1, num_pixels // block, block * num_materials)
            )
            exact = tf.matmul(light, _on_diagonal(tf, colors, block))
            return tf.reshape(tf.round(exact), (-1, *self.image_shape))

        return levels

    def _image_op(self) -> Op:
        return pipeline.chain_op(self._level_op(), pipeline.unit_op())


def _on_diagonal(tf: Any, matrices: Any, times: int) -> Any:
    """Puts each matrix on the diagonal of a larger one, several times.

    From `(n, rows, columns)` to `(n, times * rows, times * columns)`.
    """
    _, rows, columns = matrices.shape
    diagonal = tf.eye(times)[:, None, :, None]
    blocks = diagonal * matrices[:, None, :, None, :]
    return tf.reshape(blocks, (-1, times * rows, times * columns))
