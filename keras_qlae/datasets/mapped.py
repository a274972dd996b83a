"""Images in one file, which NumPy maps and does not read whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.array_dataset import ArrayDataset
from keras_qlae.datasets.published.reading import npy_header


def map_images(path: Path, wanted: tuple[int, ...]) -> np.memmap:
    """Maps an `.npy` file of uint8 images of a wanted shape, read-only.

    The operating system keeps what fits of it in memory that nobody else wants;
    reading is fastest if all of it fits.
    """
    with path.open("rb") as file:
        shape, fortran_order, dtype = npy_header(file)
        offset = file.tell()
    if shape != wanted or dtype != np.uint8 or fortran_order:
        raise ValueError(
            f"{path} must hold uint8 images of shape {wanted}. "
            f"Received: {dtype} of shape {shape}"
        )
    return np.memmap(path, np.uint8, "r", offset, shape)


class MappedDataset(ArrayDataset):
    """Images in an `.npy` file of uint8, factors in memory.

    A pickle holds the path of the file, not the images. The digest tells the
    images from others.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        image_shape: Sequence[int],
        factors: np.ndarray,
        factor_names: Sequence[str],
        digest: str,
    ) -> None:
        mapped = map_images(path, (len(factors), *image_shape))
        super().__init__(name, mapped, factors, factor_names, digest)
        self._path = path
        self._mapped = mapped

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_all_images": None, "_mapped": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        shape = (len(self._all_factors), *self.image_shape)
        self._all_images = self._mapped = map_images(self._path, shape)

    def _images(self, index: np.ndarray) -> np.ndarray:
        return np.asarray(self._mapped[index])
