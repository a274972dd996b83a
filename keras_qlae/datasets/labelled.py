"""Images of one data set with factors from a table."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.factor_dataset import Op


class LabelledDataset(FactorDataset):
    """The images of another data set, with other factors.

    Args:
        name: Name of the data set.
        base: The other data set, whose own factors are not used.
        factors: int32 of shape `(len(base), num_factors)`, at least 0.
        factor_names: One name for each column of `factors`.
    """

    def __init__(
        self,
        name: str,
        base: FactorDataset,
        factors: np.ndarray,
        factor_names: Sequence[str],
    ) -> None:
        sizes = factors.max(axis=0) + 1
        super().__init__(name, factor_names, sizes, base.image_shape)
        self._base = base
        self._table = factors
        self._table.flags.writeable = False

    def __len__(self) -> int:
        return len(self._base)

    def _factors(self, index: np.ndarray) -> np.ndarray:
        factors: np.ndarray = self._table[index]
        return factors

    def _images(self, index: np.ndarray) -> np.ndarray:
        return self._base._images(index)

    def _content(self) -> Iterator[Any]:
        yield self._base.fingerprint().encode()
        yield np.ascontiguousarray(self._table)

    def _image_op(self) -> Op:
        return self._base._image_op()

    def _factor_op(self) -> Op:
        return pipeline.gather_op(self._table)
