"""Cars3D: its description and its reader."""

import gzip
import io
import math
import struct
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.reading import is_extra

_MAX_READ = 2**24  # bytes: no head of a member needs as much
_MAT_HEAD = 128  # bytes
_MAT_PACKED = 15  # the type of what is packed


def read_cars3d(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `data/cars/*.mat`, one file and one block per car.

    A file holds `im`, uint8 `(height, width, 3, azimuth, elevation)`. Cars are
    numbered by the names of their files.
    """
    (path,) = paths
    num_elevations, num_azimuths, num_cars = info.factors.values()
    with _open(path) as archive:
        cars = {member.name for member in archive if _is_car(member)}
    if len(cars) != num_cars:
        raise ContentError(
            f"{path} must hold {num_cars} files `data/cars/*.mat`. Received: "
            f"{len(cars)}"
        )
    elevation, azimuth = np.indices((num_elevations, num_azimuths))
    views = (elevation * num_azimuths + azimuth).ravel() * num_cars
    numbers = {name: number for number, name in enumerate(sorted(cars))}
    with _open(path) as archive:
        for member in archive:
            if _is_car(member):
                images = _read_car(info, archive, member)
                yield Block(views + numbers[member.name], images)


@contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    """Opens the archive so that no header of a member can fill the memory."""
    with (
        gzip.open(path) as content,
        tarfile.open(fileobj=_Piecewise(content), mode="r:") as archive,
    ):
        yield archive
        while content.read(_MAX_READ):  # to the end: there is the checksum
            pass


class _Piecewise(io.BufferedIOBase):
    """Refuses to read very much at once."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _MAX_READ:
            raise tarfile.ReadError(f"it asks for {size} bytes at once")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()


def _is_car(member: tarfile.TarInfo) -> bool:
    name = member.name
    is_mat = "cars/" in name and name.endswith(".mat")
    return member.isreg() and is_mat and not is_extra(name)


def _read_car(
    info: DatasetInfo, archive: tarfile.TarFile, member: tarfile.TarInfo
) -> np.ndarray:
    """Reads one car: `(elevation * azimuth, height, width, 3)`."""
    from scipy.io import loadmat

    num_elevations, num_azimuths, _ = info.factors.values()
    shape = (*info.native_shape, num_azimuths, num_elevations)
    max_bytes = math.prod(shape) + 2**16
    file = archive.extractfile(member)
    if file is None or member.size > max_bytes:
        raise ContentError(
            f"{member.name!r:.100} must have at most {max_bytes:,} bytes. "
            f"Received: {member.size:,}"
        )
    content = _unpacked(file.read(), max_bytes)
    images = loadmat(io.BytesIO(content), variable_names=["im"]).get("im")
    if images is None or images.shape != shape or images.dtype != np.uint8:
        raise ContentError(
            f"{member.name!r:.100} must hold an array `im`, uint8 of shape "
            f"{shape}. Received: "
            f"{'none' if images is None else (images.dtype, images.shape)}"
        )
    views: np.ndarray = images.transpose(4, 3, 0, 1, 2)
    return views.reshape(-1, *info.native_shape)


def _unpacked(content: bytes, max_bytes: int) -> bytes:
    """Unpacks the packed arrays of a `.mat` file, up to a size.

    Such a file has a header of 128 bytes, then for each array a type, a
    length, and data. SciPy would unpack any size.
    """
    head, rest = content[:_MAT_HEAD], content[_MAT_HEAD:]
    parts = [head]
    while len(rest) >= 8:
        kind, length = struct.unpack("<II", rest[:8])
        data, rest = rest[8 : 8 + length], rest[8 + length :]
        if kind == _MAT_PACKED:
            data = zlib.decompressobj().decompress(data, max_bytes + 1)
            parts.append(data)
        else:
            parts.append(struct.pack("<II", kind, length) + data)
        if sum(map(len, parts)) > max_bytes:
            raise ContentError(
                f"A `.mat` file must hold at most {max_bytes:,} bytes of "
                "arrays. Received: more when unpacked"
            )
    return b"".join(parts)


INFO = DatasetInfo(
    name="cars3d",
    summary="Models of 183 cars from 4 elevations and 24 azimuths.",
    description=(
        "Cars3D: rendered models of cars. The values of factor `object`, the "
        "183 models, have no order. Published at 128 x 128 pixels."
    ),
    factors={"elevation": 4, "azimuth": 24, "object": 183},
    native_shape=(128, 128, 3),
    licence="Not stated; published for research",
    citation=(
        "S. Reed, Y. Zhang, Y. Zhang, H. Lee: Deep Visual Analogy-Making. "
        "NIPS 2015"
    ),
    homepage="http://www.scottreed.info",
    files=(
        RawFile(
            name="nips2015-analogy-data.tar.gz",
            url=(
                "http://www.scottreed.info/files/nips2015-analogy-data.tar.gz"
            ),
            num_bytes=300_000_000,
            md5="4e866a7919c1beedf53964e6f7a23686",
        ),
    ),
    reader=read_cars3d,
    in_order=False,
)
