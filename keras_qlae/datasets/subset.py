"""Some of the images of a data set."""

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.factor_dataset import Op


class Subset(FactorDataset):
    """Some images of another data set; made by `FactorDataset.subset`.

    Args:
        base: The other data set.
        index: Positions in it, int64 `(n,)`.
    """

    def __init__(self, base: FactorDataset, index: np.ndarray) -> None:
        if not index.size:
            raise ValueError(
                "A data set must have an image: `index` must hold at least "
                "one position. Received: an empty `index`"
            )
        super().__init__(
            base.name, base.factor_names, base.factor_sizes, base.image_shape
        )
        self._base: FactorDataset = base
        self._index: np.ndarray = index
        if isinstance(base, Subset):  # one look-up, however often it is split
            self._base = base._base
            self._index = base._index[index]
        self._index.flags.writeable = False

    def __len__(self) -> int:
        return len(self._index)

    def _factors(self, index: np.ndarray) -> np.ndarray:
        return self._base._factors(self._index[index])

    def _images(self, index: np.ndarray) -> np.ndarray:
        return self._base._images(self._index[index])

    def _image_op(self) -> Op:
        place = pipeline.gather_op(self._index)
        return pipeline.chain_op(place, self._base._image_op())

    def _factor_op(self) -> Op:
        place = pipeline.gather_op(self._index)
        return pipeline.chain_op(place, self._base._factor_op())
