"""Cars3D: what is known of it, and how its file is read."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.published.reading import is_extra


def read_cars3d(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `data/cars/*.mat`, one file a car.

    A file holds `im`, uint8 `(height, width, 3, azimuth, elevation)`. Cars
    are numbered by the names of their files.

    Args:
        info: The data set.
        paths: The archive.
        start: Ignored: a car has images all over the data set.

    Yields:
        A block a car.

    Raises:
        ValueError: If the archive holds other cars or other arrays.
        tarfile.TarError: If it is damaged; so do `EOFError`, `OSError` and
            `zlib.error`.
    """
    (path,) = paths
    num_elevations, num_azimuths, num_cars = info.factors.values()
    with tarfile.open(path) as archive:
        names = sorted(name for name in archive.getnames() if _is_car(name))
    if len(names) != num_cars:
        raise ValueError(
            f"{path} must hold {num_cars} files `data/cars/*.mat`. Received: "
            f"{len(names)}"
        )
    elevation, azimuth = np.indices((num_elevations, num_azimuths))
    views = (elevation * num_azimuths + azimuth).ravel() * num_cars
    numbers = {name: number for number, name in enumerate(names)}
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and member.name in numbers:
                images = _read_car(info, member.name, file.read())
                yield Block(views + numbers[member.name], images)


def _is_car(name: str) -> bool:
    is_mat = "cars/" in name and name.endswith(".mat")
    return is_mat and not is_extra(name)


def _read_car(info: DatasetInfo, name: str, data: bytes) -> np.ndarray:
    """Reads one car: `(elevation * azimuth, height, width, 3)`."""
    from scipy.io import loadmat

    images = loadmat(io.BytesIO(data)).get("im")
    num_elevations, num_azimuths, _ = info.factors.values()
    shape = (*info.native_shape, num_azimuths, num_elevations)
    if images is None or images.shape != shape or images.dtype != np.uint8:
        raise ValueError(
            f"{name} must hold an array `im`, uint8 of shape {shape}. "
            "Received: "
            f"{'none' if images is None else (images.dtype, images.shape)}"
        )
    views: np.ndarray = images.transpose(4, 3, 0, 1, 2)
    return views.reshape(-1, *info.native_shape)


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
