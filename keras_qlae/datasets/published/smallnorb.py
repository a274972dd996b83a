"""Small NORB: its description and its reader."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.published.reading import BLOCK
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.reading import check_count

_TYPES: dict[int, np.dtype[Any]] = {
    0x1E3D4C55: np.dtype("u1"),
    0x1E3D4C54: np.dtype("<i4"),
}
_MAX_AXES = 4
_DEGREES = 2  # azimuths are numbered 0, 2, 4, ..., in tens of degrees


class _Header(NamedTuple):
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def read_smallnorb(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams the pictures of the left camera, both parts in one.

    The files are pictures (`dat`), categories (`cat`) and other factors
    (`info`) of the training part, then of the test part; all gzipped. They are
    not in index order.
    """
    sizes = tuple(info.factors.values())
    total = 0
    for dat, cat, rest in (paths[:3], paths[3:]):
        factors = np.column_stack([_read(info, cat, 1), _read(info, rest, 4)])
        factors[:, 3] //= _DEGREES
        if (factors < 0).any() or (factors >= sizes).any():
            raise ContentError(
                f"{rest} must number the values of {tuple(info.factors)}, "
                f"which are {sizes}. Received: up to {factors.max(axis=0)}"
            )
        positions = np.ravel_multi_index(tuple(factors.T), sizes)
        total += len(positions)
        yield from _images(info, dat, positions)
    check_count(info, paths[0], total)


def _images(
    info: DatasetInfo, path: Path, positions: np.ndarray
) -> Iterator[Block]:
    """Streams the left pictures of a file."""
    height, width, _ = info.native_shape
    with gzip.open(path) as file:
        dtype, shape = _read_header(file, path)
        if dtype != np.uint8 or shape != (len(positions), 2, height, width):
            raise ContentError(
                f"{path} must hold {len(positions)} pairs of uint8 pictures "
                f"of {height}x{width}. Received: {dtype}, shape {shape}"
            )
        for first in range(0, len(positions), BLOCK):
            part = positions[first : first + BLOCK]
            data = _take(file, len(part) * 2 * height * width)
            pairs = np.frombuffer(data, np.uint8)
            pairs = pairs.reshape(len(part), 2, height, width, 1)
            yield Block(part, pairs[:, 0])
        _check_end(file, path)


def _read(info: DatasetInfo, path: Path, num_columns: int) -> np.ndarray:
    """Reads a whole, small matrix: int64 `(n, num_columns)`."""
    with gzip.open(path) as file:
        dtype, shape = _read_header(file, path)
        num_rows = shape[0]
        is_fit = shape[1:] == ((num_columns,) if num_columns > 1 else ())
        if not (is_fit and 0 <= num_rows <= info.num_values):
            raise ContentError(
                f"{path} must hold {num_columns} numbers for each of at most "
                f"{info.num_values} images. Received: shape {shape}"
            )
        data = _take(file, num_rows * num_columns * dtype.itemsize)
        _check_end(file, path)
    values = np.frombuffer(data, dtype).astype(np.int64)
    return values.reshape(num_rows, num_columns)


def _read_header(file: gzip.GzipFile, path: Path) -> _Header:
    """Reads magic number, number of axes, and at least three lengths."""
    magic, num_axes = np.frombuffer(_take(file, 8), "<i4").tolist()
    if magic not in _TYPES or not 1 <= num_axes <= _MAX_AXES:
        raise ContentError(
            f"{path} is not a matrix of the small NORB data set. Received: a "
            f"file that begins with {magic:#x}, {num_axes} axes"
        )
    lengths = np.frombuffer(_take(file, 4 * max(3, num_axes)), "<i4")
    return _Header(_TYPES[magic], tuple(lengths[:num_axes].tolist()))


def _check_end(file: gzip.GzipFile, path: Path) -> None:
    """Reads to the end, where the checksum is compared."""
    if file.read(1):
        raise ContentError(
            f"{path} must end with its matrix. Received: more than that"
        )


def _take(file: gzip.GzipFile, num_bytes: int) -> bytes:
    data = file.read(num_bytes)
    if len(data) < num_bytes:
        raise EOFError("it ends too soon")
    return data


_HOMEPAGE = "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/"
_TRAINING = "smallnorb-5x46789x9x18x6x2x96x96-training"
_TEST = "smallnorb-5x01235x9x18x6x2x96x96-testing"
_FILES = (
    (
        *(f"{_TRAINING}-dat.mat.gz", 131_896_188),
        "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873",
    ),
    (
        *(f"{_TRAINING}-cat.mat.gz", 348),
        "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa",
    ),
    (
        *(f"{_TRAINING}-info.mat.gz", 71_052),
        "de7eb932ebe7a4ee16217fead60660d0eb3d23632c2f4d1c51f88c501c17bf32",
    ),
    (
        *(f"{_TEST}-dat.mat.gz", 130_799_817),
        "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474",
    ),
    (
        *(f"{_TEST}-cat.mat.gz", 347),
        "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff",
    ),
    (
        *(f"{_TEST}-info.mat.gz", 10_428),
        "16adf314226327ee006d1a44db8cfef52773c06c829951d5653a9f6f310248a2",
    ),
)

INFO = DatasetInfo(
    name="smallnorb",
    summary="Small NORB: grey photographs of 50 toys.",
    description=(
        "Small NORB: 50 toys of 5 categories under 6 lights, from 9 "
        "elevations and 18 azimuths; the pictures of the left camera, of the "
        "training and the test part together. Instance 3 of one category has "
        "nothing in common with instance 3 of another, so that no method can "
        "identify this factor. Published at 96 x 96 pixels."
    ),
    factors={
        "category": 5,
        "instance": 10,
        "elevation": 9,
        "azimuth": 18,
        "lighting": 6,
    },
    native_shape=(96, 96, 1),
    licence="For research only; not to be sold",
    citation=(
        "Y. LeCun, F. J. Huang, L. Bottou: Learning Methods for Generic "
        "Object Recognition with Invariance to Pose and Lighting. CVPR 2004"
    ),
    homepage=_HOMEPAGE,
    files=tuple(
        RawFile(name, f"{_HOMEPAGE}{name}", num_bytes, sha256)
        for name, num_bytes, sha256 in _FILES
    ),
    reader=read_smallnorb,
    in_order=False,
    tfds_labels=(
        "label_category",
        "instance",
        "label_elevation",
        "label_azimuth",
        "label_lighting",
    ),
)
