"""Reads images out of HDF5 files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.readers.block import BLOCK
from keras_qlae.datasets.readers.block import Block
from keras_qlae.datasets.readers.block import check_count
from keras_qlae.datasets.readers.block import check_labels
from keras_qlae.datasets.readers.block import ordered


def read_shapes3d(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `images` of `3dshapes.h5`, after a look at its `labels`.

    Args:
        info: The data set.
        paths: The file.
        start: The first image wanted.

    Yields:
        Blocks in index order.

    Raises:
        ValueError: If arrays are missing, or of another type, shape or order.
        OSError: If the file is damaged.
    """
    import h5py

    (path,) = paths
    with h5py.File(path, "r") as file:
        images, labels = _arrays(file, path, "images", "labels")
        check_labels(info, path, labels[:])
        yield from _stream(info, path, images, start)


def read_dsprites(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `imgs` of dSprites; its 0 and 1 become 0 and 255.

    Args:
        info: The data set.
        paths: The file.
        start: The first image wanted.

    Yields:
        Blocks in index order.

    Raises:
        ValueError: If arrays are missing, or of another type, shape or order.
        OSError: If the file is damaged.
    """
    import h5py

    (path,) = paths
    with h5py.File(path, "r") as file:
        images, classes = _arrays(file, path, "imgs", "latents/classes")
        check_labels(info, path, classes[:, 1:])  # the first, colour, is one
        for positions, block in _stream(info, path, images, start):
            yield Block(positions, block[..., None] * np.uint8(255))


def _arrays(file: Any, path: Path, *names: str) -> list[Any]:
    missing = [name for name in names if name not in file]
    if missing:
        raise ValueError(
            f"{path} must hold the arrays {', '.join(names)}. Received: "
            f"{', '.join(file) or 'none'}"
        )
    return [file[name] for name in names]


def _stream(
    info: DatasetInfo, path: Path, images: Any, start: int
) -> Iterator[Block]:
    """Reads an array of images a row of chunks at a time.

    A chunk is unpacked as a whole, and may hold a few pixels of thousands of
    images: reading fewer images at once would unpack it again and again.
    """
    shape = info.native_shape
    wanted = shape if images.ndim == 4 else shape[:2]
    if images.shape[1:] != wanted or images.dtype != np.uint8:
        raise ValueError(
            f"{path} must hold uint8 images of shape {wanted}. Received: "
            f"{images.dtype}, shape {images.shape}"
        )
    check_count(info, path, len(images))
    rows = max(BLOCK, images.chunks[0] if images.chunks else 0)
    for first in range(start // rows * rows, len(images), rows):
        block = images[first : first + rows]
        skip = max(start - first, 0)
        for begin in range(skip, len(block), BLOCK):
            yield ordered(block[begin : begin + BLOCK], first + begin)
