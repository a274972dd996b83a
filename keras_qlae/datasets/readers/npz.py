"""Reads images out of an `.npz` archive without unpacking it."""

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.readers.block import BLOCK
from keras_qlae.datasets.readers.block import Block
from keras_qlae.datasets.readers.block import check_count
from keras_qlae.datasets.readers.block import ordered

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams the array `images` of an archive.

    Args:
        info: The data set.
        paths: The archive.
        start: The first image wanted; those before it are passed over.

    Yields:
        Blocks in index order.

    Raises:
        ValueError: If the array is missing or of another type or shape.
        zipfile.BadZipFile: If the archive is damaged; so do `EOFError` and
            `zlib.error`.
    """
    (path,) = paths
    image_bytes = math.prod(info.native_shape)
    with zipfile.ZipFile(path) as archive, _member(archive, path) as file:
        num_images = _read_header(file, info, path)
        _skip(file, start * image_bytes)
        for first in range(start, num_images, BLOCK):
            count = min(BLOCK, num_images - first)
            data = file.read(count * image_bytes)
            if len(data) < count * image_bytes:
                raise EOFError(f"it ends within image {first}")
            images = np.frombuffer(data, np.uint8)
            yield ordered(images.reshape(-1, *info.native_shape), first)
        file.read(1)  # the end: here the checksum is compared


def _member(archive: zipfile.ZipFile, path: Path) -> IO[bytes]:
    if "images.npy" not in archive.namelist():
        raise ValueError(
            f"{path} must hold an array `images`. Received: "
            f"{', '.join(archive.namelist()) or 'an empty archive'}"
        )
    return archive.open("images.npy")


def _read_header(file: IO[bytes], info: DatasetInfo, path: Path) -> int:
    """Checks the array's header; returns the number of images."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"{path}: unknown version of `images.npy`: {version}")
    shape, fortran_order, dtype = _HEADERS[version](file)
    if dtype != np.uint8 or fortran_order or shape[-3:] != info.native_shape:
        raise ValueError(
            f"{path} must hold uint8 images of shape {info.native_shape}, row "
            f"by row. Received: {dtype}, shape {shape}, "
            f"fortran_order={fortran_order}"
        )
    num_images = math.prod(shape[:-3])
    check_count(info, path, num_images)
    return num_images


def _skip(file: IO[bytes], num_bytes: int) -> None:
    while num_bytes > 0:
        data = file.read(min(num_bytes, 2**24))
        if not data:
            raise EOFError("it ends before the images that were left")
        num_bytes -= len(data)
