"""Data sets with one image for every combination of factors."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.factor_dataset import Op


class GridDataset(FactorDataset):
    """One image for every combination of factors; the last varies fastest.

    Positions are computed from factors and back: with sizes `(10, 8)` the
    factors `(3, 5)` belong to image `3 * 8 + 5`. A subclass defines `_images`
    and `_image_op`.

    Args:
        name: Name of the data set.
        factors: The number of values of each factor.
        image_shape: `(height, width, channels)`.
    """

    def __init__(
        self,
        name: str,
        factors: Mapping[str, int],
        image_shape: tuple[int, int, int],
    ) -> None:
        super().__init__(
            name, tuple(factors), tuple(factors.values()), image_shape
        )

    def __len__(self) -> int:
        return math.prod(self.factor_sizes)

    def _factors(self, index: np.ndarray) -> np.ndarray:
        columns = np.unravel_index(index, self.factor_sizes)
        return np.stack(columns, axis=1).astype(np.int32)

    def _index_of(self, factors: np.ndarray) -> np.ndarray:
        columns = tuple(factors.T)
        return np.asarray(np.ravel_multi_index(columns, self.factor_sizes))

    def _factor_op(self) -> Op:
        tf = pipeline.import_tensorflow()
        sizes = self.factor_sizes
        strides = [math.prod(sizes[k + 1 :]) for k in range(len(sizes))]

        def factors(index: Any) -> Any:
            columns = index[:, None] // tf.constant(strides, tf.int64)
            return tf.cast(columns % tf.constant(sizes, tf.int64), tf.int32)

        return factors
