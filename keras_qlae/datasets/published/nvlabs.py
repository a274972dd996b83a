"""Falcor3D and Isaac3D, which were published together."""

import io
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.checks import some
from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.images import read_image
from keras_qlae.datasets.published.reading import NUMBERS
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.reading import check_count
from keras_qlae.datasets.published.reading import check_labels
from keras_qlae.datasets.published.reading import is_extra
from keras_qlae.datasets.published.reading import npy_header
from keras_qlae.datasets.published.reading import open_member
from keras_qlae.datasets.published.reading import ordered

_AT_ONCE = 100  # images; they are larger than most


def read_png_zip(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `<folder>/images/000000.png`, ... after a look at the labels.

    Beside the images the archive has one file of labels.
    """
    (path,) = paths
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not is_extra(name)]
        check_labels(info, path, _labels(info, archive, path, names))
        images = _in_order(path, names)
        check_count(info, path, len(images))
        for first in range(start, len(images), _AT_ONCE):
            part = images[first : first + _AT_ONCE]
            decoded = [_decode(info, path, archive, name) for name in part]
            yield ordered(np.stack(decoded), first)


def _in_order(path: Path, names: list[str]) -> list[str]:
    """The images by their numbers, each of which must be there once."""
    images = sorted((_number(x), x) for x in names if x.endswith(".png"))
    for position, (number, name) in enumerate(images):
        if number != position:
            raise ContentError(
                f"{path} must hold the images 000000.png, 000001.png, ... once "
                f"each. Received: {name!r:.100} in place of number {position}"
            )
    return [name for _, name in images]


def _number(name: str) -> int:
    stem = name.rpartition("/")[2].removesuffix(".png")
    return int(stem) if stem.isdecimal() and len(stem) < 10 else -1


def _labels(
    info: DatasetInfo, archive: zipfile.ZipFile, path: Path, names: list[str]
) -> np.ndarray:
    found = [name for name in names if "labels" in name.rpartition("/")[2]]
    if len(found) != 1:
        raise ContentError(
            f"{path} must hold one file of labels. Received: "
            f"{some(found)} among {len(names)} files"
        )
    # Numbers of 8 bytes, and a header.
    max_bytes = 8 * info.num_values * len(info.factors) + 2**16
    with open_member(archive, path, found[0], max_bytes) as file:
        content = file.read()
    shape, _, dtype = npy_header(io.BytesIO(content))
    is_short = math.prod(shape) * dtype.itemsize > len(content)
    if dtype.kind not in NUMBERS or is_short:
        raise ContentError(
            f"{path} must hold a complete array of numbers. Received: "
            f"{dtype} of shape {shape} in {len(content):,} bytes"
        )
    labels: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    return labels


def _decode(
    info: DatasetInfo, path: Path, archive: zipfile.ZipFile, name: str
) -> np.ndarray:
    height, width, channels = info.native_shape
    max_bytes = 2 * height * width * channels + 2**16
    with open_member(archive, path, name, max_bytes) as file:
        content = file.read()
    return read_image(content, f"{name!r:.100} in {path}", (height, width))


_COMMON: dict[str, Any] = {
    "native_shape": (128, 128, 3),
    "licence": "CC BY 4.0, by NVIDIA Corporation",
    "citation": (
        "W. Nie, T. Karras, A. Garg, S. Debnath, A. Patney, A. B. Patel, "
        "A. Anandkumar: Semi-Supervised StyleGAN for Disentanglement "
        "Learning. ICML 2020, arXiv:2003.03461"
    ),
    "homepage": "https://github.com/NVlabs/High-res-disentanglement-datasets",
    "reader": read_png_zip,
}

FALCOR3D = DatasetInfo(
    name="falcor3d",
    summary="A living room under moving light and camera, rendered.",
    description=(
        "Falcor3D: a rendered living room. Light of 5 intensities and 6 x 6 x "
        "6 directions, camera at 6 x 6 x 6 places. Published at 128 x 128 "
        "pixels; papers use 64 x 64."
    ),
    factors={
        "lighting_intensity": 5,
        "lighting_x": 6,
        "lighting_y": 6,
        "lighting_z": 6,
        "camera_x": 6,
        "camera_y": 6,
        "camera_z": 6,
    },
    files=(
        RawFile(
            "Falcor3D_down128.zip",
            "https://drive.google.com/uc?id=1XAQfFK1x6cpN1eiovbP0hVfLTm5SsSoJ",
            num_bytes=3_700_000_000,
        ),
    ),
    **_COMMON,
)

ISAAC3D = DatasetInfo(
    name="isaac3d",
    summary="A robot arm with an object in a kitchen, rendered.",
    description=(
        "Isaac3D: a rendered kitchen in which a robot arm holds an object. "
        "Published at 128 x 128 pixels; papers use 64 x 64. Its README gives "
        "some factors in another order, which neither its strides nor its "
        "labels fit."
    ),
    factors={
        "object_shape": 3,
        "robot_x": 8,
        "robot_y": 5,
        "camera_height": 4,
        "object_scale": 4,
        "lighting_intensity": 4,
        "lighting_y": 6,
        "object_color": 4,
        "wall_color": 4,
    },
    files=(
        RawFile(
            "Isaac3D_down128.zip",
            "https://drive.google.com/uc?id=1OmQ1G2wnm6eTsSFGTKFZZAh5D3nQTW1B",
            num_bytes=13_000_000_000,
        ),
    ),
    **_COMMON,
)
