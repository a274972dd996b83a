"""3D Shapes and dSprites, which were published as HDF5 files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.published.reading import BLOCK
from keras_qlae.datasets.published.reading import check_count
from keras_qlae.datasets.published.reading import check_labels
from keras_qlae.datasets.published.reading import ordered


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


SHAPES3D = DatasetInfo(
    name="shapes3d",
    summary="3D Shapes: a room with an object.",
    description=(
        "3D Shapes: floor, wall and object of 10 hues each (0 to 0.9), scale "
        "(0.75 to 1.25), shape (cube, cylinder, sphere, capsule) and "
        "orientation (-30 to 30 degrees)."
    ),
    factors={
        "floor_hue": 10,
        "wall_hue": 10,
        "object_hue": 10,
        "scale": 8,
        "shape": 4,
        "orientation": 15,
    },
    native_shape=(64, 64, 3),
    licence="Apache-2.0",
    citation=(
        "C. Burgess and H. Kim: 3D Shapes Dataset, 2018, "
        "https://github.com/google-deepmind/3d-shapes"
    ),
    homepage="https://github.com/google-deepmind/3d-shapes",
    files=(
        RawFile(
            name="3dshapes.h5",
            url="https://storage.googleapis.com/3d-shapes/3dshapes.h5",
            num_bytes=267_573_662,
            sha256=(
                "0a0f6ed98baff276a50f3a081a7434d7"
                "88da63cb135a98189b2a5b5769be1785"
            ),
        ),
    ),
    reader=read_shapes3d,
    tfds_labels=(
        "label_floor_hue",
        "label_wall_hue",
        "label_object_hue",
        "label_scale",
        "label_shape",
        "label_orientation",
    ),
)


_DSPRITES = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5"

DSPRITES = DatasetInfo(
    name="dsprites",
    summary="dSprites: a white square, ellipse or heart on black.",
    description=(
        "dSprites: binary pictures of a square, an ellipse or a heart. Colour "
        "has a single value and is left out of the factors. No method can "
        "identify orientation: its 40 values run from 0 to 2 pi with both "
        "ends, which are one picture, and turned squares and ellipses repeat. "
        "The embedded `sprites2d` has no such pictures."
    ),
    factors={
        "shape": 3,
        "scale": 6,
        "orientation": 40,
        "x_position": 32,
        "y_position": 32,
    },
    native_shape=(64, 64, 1),
    licence="Apache-2.0",
    citation=(
        "L. Matthey, I. Higgins, D. Hassabis, A. Lerchner: dSprites: "
        "Disentanglement testing Sprites dataset, 2017, "
        "https://github.com/google-deepmind/dsprites-dataset"
    ),
    homepage="https://github.com/google-deepmind/dsprites-dataset",
    files=(
        RawFile(
            name=_DSPRITES,
            url=(
                "https://github.com/deepmind/dsprites-dataset/blob/master/"
                f"{_DSPRITES}?raw=true"
            ),
            num_bytes=28_024_106,
            sha256=(
                "729fa22e884c9c500e1f17415d580746"
                "b4c5894fbbb780a1319bbcfa39a745bb"
            ),
        ),
    ),
    reader=read_dsprites,
    tfds_labels=(
        "label_shape",
        "label_scale",
        "label_orientation",
        "label_x_position",
        "label_y_position",
    ),
)
