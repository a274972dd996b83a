"""A data set of your own arrays in an `.npz` file."""

import functools
import hashlib
import math
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO
from typing import Any
from typing import NamedTuple
from typing import TypeVar

import numpy as np

from keras_qlae.datasets.array_dataset import ArrayDataset
from keras_qlae.datasets.array_dataset import check_header
from keras_qlae.datasets.array_dataset import check_images
from keras_qlae.datasets.array_dataset import check_vector_header
from keras_qlae.datasets.array_dataset import check_vectors
from keras_qlae.datasets.array_dataset import from_arrays
from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.checks import check_memory
from keras_qlae.datasets.checks import some
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.images import resize
from keras_qlae.datasets.published.reading import NUMBERS
from keras_qlae.datasets.published.reading import npy_header
from keras_qlae.datasets.published.reading import open_member
from keras_qlae.files import check_ordinary

SUFFIX = ".npz"
_BLOCK = 2**26  # bytes of images that are read at a time
_MAX_HEADER = 2**17  # bytes before the numbers of an array
_MAX_NAMES = 2**20  # bytes of the names of factors

_Read = TypeVar("_Read")


class _Header(NamedTuple):
    """The header of an array."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]

    @property
    def num_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def from_npz(
    path: str | os.PathLike[str],
    *,
    image_size: int | None = None,
    name: str | None = None,
) -> FactorDataset:
    """Makes a data set of the arrays of an `.npz` file.

    Such a file is written by `np.savez_compressed("mine.npz", images=images,
    factors=factors, factor_names=["color", "size"])`; only `images`, or
    `vectors` instead, is required. The file may come from somebody else:
    nothing in it is unpickled, and sizes are checked before memory is
    allocated.

    Args:
        path: The file. Its arrays are those of `from_arrays`: `images`, uint8
            or float in `[0, 1]`, `(n, height, width, channels)`; or
            `vectors`, float `(n, width)` or `(n, length, width)`; `factors`,
            integers `(n, num_factors)`; `factor_names`, `(num_factors,)`,
            text. Other arrays are ignored.
        image_size: Height and width to resize images to: bicubic,
            antialiased. By default they keep their size.
        name: Name of the data set, for reports. Defaults to the file's.

    Returns:
        A `FactorDataset`, in the order of the arrays.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no `.npz` file, damaged, has no `images` or
            `vectors`, or both, an array of another type or shape, or more
            than fits into memory.
        OSError: It cannot be read, or is a pipe or a device.

    Example:
        ```python
        np.savez_compressed("mine.npz", images=images, factors=factors)
        dataset = from_npz("mine.npz", image_size=64)
        ```
    """
    if image_size is not None:
        check_integer("image_size", image_size, minimum=1)
    path = Path(path)
    check_ordinary(path)
    try:
        with zipfile.ZipFile(path) as archive:
            images, digest = _examples(archive, path, image_size)
            factors, names = None, None
            if "factors.npy" in archive.namelist():
                factors = _read(archive, path, "factors", _whole)
            if "factor_names.npy" in archive.namelist():
                names = _read(archive, path, "factor_names", _names)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(
            f"{path} is not an .npz file, or it is damaged: write it again "
            f"with `np.savez`. Received: {error}"
        ) from error
    data = from_arrays(images, factors, names, name or path.stem)
    return ArrayDataset(
        data.name,
        images,
        data.factors(np.arange(len(data))),
        data.factor_names,
        digest,
    )


def _examples(
    archive: zipfile.ZipFile, path: Path, image_size: int | None
) -> tuple[np.ndarray, str]:
    """The images or vectors, and a digest of them."""
    names = archive.namelist()
    if "vectors.npy" not in names:
        read = functools.partial(_images, image_size=image_size)
        return _read(archive, path, "images", read)
    if "images.npy" in names:
        raise ValueError(
            f"{path} must hold `images` or `vectors`, and holds both: write "
            "one of them into a file of its own."
        )
    return _read(archive, path, "vectors", _vectors)


def _read(
    archive: zipfile.ZipFile,
    path: Path,
    key: str,
    read: Callable[[IO[bytes], _Header, str], _Read],
) -> _Read:
    """Reads an array of the archive, once its header has been checked."""
    what, member = f"`{key}` in {path}", f"{key}.npy"
    if archive.namelist().count(member) != 1:
        arrays = [each.removesuffix(".npy") for each in archive.namelist()]
        raise ValueError(
            f"{path} must hold one array `{key}`: `np.savez(path, images="
            "images, factors=factors)`, factors if they are known, `vectors` "
            f"in place of images. Received: arrays {some(arrays)}"
        )
    size = archive.getinfo(member).file_size
    with open_member(archive, path, member, 2**63) as file:
        try:
            header = _Header(*npy_header(file))
        except ValueError as error:
            raise ValueError(
                f"{what} must be an array. Received: {str(error)[:200]}"
            ) from error
        if header.dtype.hasobject:
            raise ValueError(
                f"{what} must hold numbers or text. Received: Python objects, "
                "which are not read, since unpickling may run code"
            )
        if not 0 <= size - header.num_bytes <= _MAX_HEADER:
            raise ValueError(
                f"{what} is damaged: it has {size:,} bytes, and "
                f"{header.num_bytes:,} are needed for shape {header.shape}, "
                f"dtype {header.dtype}"
            )
        found = read(file, header, what)
        file.read(1)  # the end: here the checksum is compared
        return found


def _check_row_by_row(header: _Header, what: str, name: str) -> None:
    """Raises if an array is kept column by column."""
    if header.fortran_order:
        raise ValueError(
            f"{what} must be kept row by row: save "
            f"`np.ascontiguousarray({name})`. Received: Fortran order"
        )


def _images(
    file: IO[bytes], header: _Header, what: str, image_size: int | None
) -> tuple[np.ndarray, str]:
    """The images as uint8, and a digest of them before they are resized."""
    shape = header.shape
    check_header(shape, header.dtype, what)
    _check_row_by_row(header, what, "images")
    size = (image_size, image_size) if image_size else shape[1:3]
    wanted = (shape[0], *size, shape[3])
    image_bytes = header.num_bytes // shape[0]
    rows = max(1, _BLOCK // image_bytes)
    check_memory(f"{what} of shape {wanted}", math.prod(wanted) + image_bytes)
    images = np.empty(wanted, np.uint8)
    digest = hashlib.sha256(repr(shape).encode())
    for start in range(0, shape[0], rows):
        out = images[start : start + rows]
        part = _numbers(file, (len(out), *shape[1:]), header.dtype)
        part = check_images(part, what)
        digest.update(part.data)
        out[:] = resize(part, image_size) if image_size else part
    return images, digest.hexdigest()


def _vectors(
    file: IO[bytes], header: _Header, what: str
) -> tuple[np.ndarray, str]:
    """The vectors as float32, and a digest of them."""
    shape = header.shape
    check_vector_header(shape, header.dtype, what)
    _check_row_by_row(header, what, "vectors")
    check_memory(f"{what} of shape {shape}", 4 * math.prod(shape))
    rows = max(1, _BLOCK * shape[0] // header.num_bytes)
    vectors = np.empty(shape, np.float32)
    for start in range(0, shape[0], rows):
        out = vectors[start : start + rows]
        part = _numbers(file, out.shape, header.dtype)
        with np.errstate(over="ignore"):
            out[:] = part
    check_vectors(vectors, what)
    digest = hashlib.sha256(repr(shape).encode())
    digest.update(vectors.data)
    return vectors, digest.hexdigest()


def _whole(file: IO[bytes], header: _Header, what: str) -> np.ndarray:
    """A small array."""
    if header.dtype.kind not in NUMBERS:
        raise ValueError(
            f"{what} must hold integers. Received: dtype {header.dtype}"
        )
    check_memory(f"{what} of shape {header.shape}", 3 * header.num_bytes)
    shape = header.shape[::-1] if header.fortran_order else header.shape
    array = _numbers(file, shape, header.dtype)
    return array.T if header.fortran_order else array


def _names(file: IO[bytes], header: _Header, what: str) -> list[str]:
    """The names of the factors."""
    if (
        header.dtype.kind != "U"
        or len(header.shape) != 1
        or header.num_bytes > _MAX_NAMES
    ):
        raise ValueError(
            f"{what} must be a list of texts, one for each factor. Received: "
            f"dtype {header.dtype}, shape {header.shape}"
        )
    return [str(n) for n in _numbers(file, header.shape, header.dtype)]


def _numbers(
    file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> np.ndarray:
    """The next numbers of an array."""
    wanted = math.prod(shape) * dtype.itemsize
    content = file.read(wanted)
    if len(content) < wanted:
        raise EOFError("it ends within an array")
    return np.frombuffer(content, dtype).reshape(shape)
