"""Functions that the readers of published files share."""

import io
import zipfile
from pathlib import Path
from typing import IO
from typing import Any

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo

_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NPY_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
NUMBERS = "iufb"  # kinds of NumPy types
BLOCK = 500  # images; some megabytes


class ContentError(ValueError):
    """Raised for a published file that does not contain its data set."""


def ordered(images: np.ndarray, start: int) -> Block:
    """A block of consecutive images from `start` on."""
    return Block(np.arange(start, start + len(images)), images)


def open_member(
    archive: zipfile.ZipFile, path: Path, name: str, max_bytes: int
) -> IO[bytes]:
    """Opens a file in a zip archive, if reading it needs little memory.

    Methods other than deflate can unpack a few bytes to many megabytes.
    """
    member = archive.getinfo(name)
    is_encrypted = bool(member.flag_bits & 1)
    if member.compress_type not in _ZIP_METHODS or is_encrypted:
        raise ContentError(
            f"{path} must be a zip archive of plain or deflated files. "
            f"Received: {name!r:.100}, packed with method "
            f"{member.compress_type}{', encrypted' if is_encrypted else ''}"
        )
    if member.file_size > max_bytes:
        raise ContentError(
            f"{path} must hold {name!r:.100} of at most {max_bytes:,} bytes. "
            f"Received: {member.file_size:,} bytes"
        )
    return archive.open(member)


def npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Reads the header of an `.npy` file: shape, order, type."""
    version = np.lib.format.read_magic(file)
    if version not in _NPY_HEADERS:
        raise ValueError(f"unknown version of the format: {version}")
    return _NPY_HEADERS[version](file)


def images_header(shape: tuple[int, ...]) -> bytes:
    """The header of an `.npy` file of uint8 images."""
    header = io.BytesIO()
    fields: dict[str, Any] = {"descr": "|u1", "fortran_order": False}
    np.lib.format.write_array_header_1_0(header, {**fields, "shape": shape})
    return header.getvalue()


def is_extra(name: str) -> bool:
    """Whether a member of an archive was added by macOS."""
    folder, _, file = name.rpartition("/")
    return "__MACOSX" in folder.split("/") or file.startswith("._")


def check_count(info: DatasetInfo, path: Path, num_images: int) -> None:
    """Refuses a file whose number of images does not match the factors."""
    if num_images != info.num_values:
        raise ContentError(
            f"{path} must hold {info.num_values} images, one for each "
            f"combination of factors {tuple(info.factors.values())}: it is "
            f"not the file of `{info.name}`, or it is damaged. Received: "
            f"{num_images} images"
        )


def check_labels(info: DatasetInfo, path: Path, labels: np.ndarray) -> None:
    """Refuses a file whose labels do not follow the order of the factors.

    Labels `(n, num_factors)` are a value of each factor for each image, in any
    unit and direction. A label must not vary where its factor does not, nor be
    the same for two of the factor's values.
    """
    if labels.dtype.kind not in NUMBERS:
        raise ContentError(
            f"{path} must hold labels that are numbers. Received: dtype "
            f"{labels.dtype}"
        )
    if labels.ndim != 2 or labels.shape[1] != len(info.factors):
        raise ContentError(
            f"{path} must hold labels of shape (n, {len(info.factors)}), a "
            f"column for each factor. Received: shape {labels.shape}"
        )
    check_count(info, path, len(labels))
    sizes = tuple(info.factors.values())
    index = np.arange(len(labels))
    for column, name in enumerate(info.factors):
        factor = np.unravel_index(index, sizes)[column]
        stride = int(np.prod(sizes[column + 1 :], dtype=np.int64))
        values = labels[np.arange(sizes[column]) * stride, column]
        is_same = np.allclose(labels[:, column], values[factor], atol=1e-5)
        if not is_same or len(np.unique(values)) != sizes[column]:
            raise ContentError(
                f"{path} does not hold the images of `{info.name}` in index "
                f"order: its label number {column} does not follow factor "
                f"`{name}`, which has {sizes[column]} values and "
                f"changes every {stride} images."
            )
