"""Falcor3D and Isaac3D, which were published together."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.published.reading import check_count
from keras_qlae.datasets.published.reading import check_labels
from keras_qlae.datasets.published.reading import is_extra
from keras_qlae.datasets.published.reading import ordered

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
