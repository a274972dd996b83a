"""Data sets that `prepare` has written to the disk."""

import hashlib
import os
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.dataset_info import DEFAULT_SIZE
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.factor_dataset import Op
from keras_qlae.datasets.grid_dataset import GridDataset
from keras_qlae.datasets.mapped import map_images
from keras_qlae.datasets.store import IMAGES
from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import gigabytes
from keras_qlae.datasets.store import open_store


class PreparedDataset(GridDataset):
    """Decoded images in one memory-mapped file, and hashes of its blocks.

    The operating system caches as much of the file as fits into free memory;
    training is fastest if all of it fits, and needs no more memory if it does
    not. A pickle contains the path of the file, not the images.
    """

    def __init__(
        self,
        name: str,
        factors: dict[str, int],
        image_shape: tuple[int, int, int],
        path: Path,
        hashes: Sequence[str],
    ) -> None:
        super().__init__(name, factors, image_shape)
        self._path = path
        self._digest = hashlib.sha256("".join(hashes).encode()).digest()
        self._mapped = map_images(path, (len(self), *self.image_shape))

    def _content(self) -> Iterator[bytes]:
        yield self.name.encode()
        yield self._digest

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_mapped": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._mapped = map_images(self._path, (len(self), *self.image_shape))

    def _images(self, index: np.ndarray) -> np.ndarray:
        return np.asarray(self._mapped[index])

    def _image_op(self) -> Op:
        return pipeline.chain_op(
            pipeline.gather_op(self._mapped), pipeline.unit_op()
        )


def load_prepared(
    info: DatasetInfo,
    image_size: int = DEFAULT_SIZE,
    data_dir: str | os.PathLike[str] | None = None,
) -> PreparedDataset:
    """Loads what `prepare` left on the disk, if it is there and whole."""
    store = open_store(info, data_dir, image_size)
    store.check_whole()
    if not store.is_prepared:
        needed = gigabytes(store.needed_bytes)
        raise store.not_prepared(f": it needs {needed} more disk")
    return serve(store)


def serve(store: Store) -> PreparedDataset:
    """Serves images that are prepared, after a check of their pixels."""
    hashes = store.check_pixels()
    path = store.prepared / IMAGES
    return PreparedDataset(
        store.info.name, store.info.factors, store.image_shape, path, hashes
    )
