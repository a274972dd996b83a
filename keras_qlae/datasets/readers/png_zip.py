"""Reads images out of a zip archive of numbered PNG files."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.readers.block import Block
from keras_qlae.datasets.readers.block import check_count
from keras_qlae.datasets.readers.block import check_labels
from keras_qlae.datasets.readers.block import is_extra
from keras_qlae.datasets.readers.block import ordered

_AT_ONCE = 100  # images; they are larger than most


def read_png_zip(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `<folder>/images/000000.png`, ... after a look at the labels.

    Args:
        info: The data set.
        paths: The archive. Beside the images it has one file of labels.
        start: The first image wanted.

    Yields:
        Blocks in index order.

    Raises:
        ValueError: If files are missing, or of another form or order.
        zipfile.BadZipFile: If the archive is damaged; so does `OSError`.
    """
    (path,) = paths
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not is_extra(name)]
        check_labels(info, path, _labels(archive, path, names))
        images = sorted(name for name in names if name.endswith(".png"))
        check_count(info, path, len(images))
        for first in range(start, len(images), _AT_ONCE):
            part = images[first : first + _AT_ONCE]
            decoded = [_decode(info, path, archive, name) for name in part]
            yield ordered(np.stack(decoded), first)


def _labels(
    archive: zipfile.ZipFile, path: Path, names: list[str]
) -> np.ndarray:
    found = [name for name in names if "labels" in name.rpartition("/")[2]]
    if len(found) != 1:
        raise ValueError(
            f"{path} must hold one file of labels. Received: "
            f"{', '.join(found) or 'none'} among {len(names)} files"
        )
    labels: np.ndarray = np.load(io.BytesIO(archive.read(found[0])))
    return labels


def _decode(
    info: DatasetInfo, path: Path, archive: zipfile.ZipFile, name: str
) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(archive.read(name))) as picture:
        image = np.asarray(picture.convert("RGB"))
    if image.shape != info.native_shape:
        raise ValueError(
            f"{path} must hold images of shape {info.native_shape}. "
            f"Received: {name} of shape {image.shape}"
        )
    return image
