"""3D Shapes and dSprites, which were published as HDF5 files."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.checks import some
from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.published.reading import BLOCK
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.reading import check_count
from keras_qlae.datasets.published.reading import check_labels
from keras_qlae.datasets.published.reading import ordered

MAX_CHUNK_BYTES = 2**27  # of a row of chunks: three times those of 3D Shapes
MAX_ROW_BYTES = 2**16


def read_shapes3d(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `images` of `3dshapes.h5`, after a look at its `labels`."""
    import h5py

    (path,) = paths
    with h5py.File(path, "r") as file:
        labels = _array(info, file, path, "labels")
        check_labels(info, path, labels[:])
        images = _array(info, file, path, "images")
        yield from _stream(info, path, images, start)


def read_dsprites(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams `imgs` of dSprites; its 0 and 1 become 0 and 255."""
    import h5py

    (path,) = paths
    with h5py.File(path, "r") as file:
        classes = _array(info, file, path, "latents/classes")
        check_labels(info, path, classes[:, 1:])  # the first, colour, is one
        images = _array(info, file, path, "imgs")
        for positions, block in _stream(info, path, images, start):
            if block.max() > 1:
                raise ContentError(
                    f"{path} must hold images of 0 and 1. Received: a pixel "
                    f"of {block.max()}"
                )
            yield Block(positions, block[..., None] * np.uint8(255))


def _array(info: DatasetInfo, file: Any, path: Path, name: str) -> Any:
    """Finds an array, if it is in this very file and of bounded size.

    HDF5 files may name other files as the place of an array: a link, a
    virtual array, or pixels kept elsewhere.
    """
    import h5py

    place = file
    for part in name.split("/"):
        link = place.get(part, getlink=True) if part in place else None
        if not isinstance(link, h5py.HardLink):
            raise ContentError(
                f"{path} must hold the array {name} itself, not a link. "
                f"Received: {some(file)}"
            )
        place = place[part]
    if (
        not isinstance(place, h5py.Dataset)
        or place.is_virtual
        or place.external
    ):
        raise ContentError(
            f"{path} must hold the array {name} itself. Received: a group, or "
            "an array kept in other files"
        )
    row_bytes = place.dtype.itemsize * math.prod(place.shape[1:])
    in_memory = row_bytes * (place.chunks[0] if place.chunks else 1)
    check_count(info, path, place.shape[0] if place.shape else 0)
    if in_memory > MAX_CHUNK_BYTES or row_bytes > MAX_ROW_BYTES:
        raise ContentError(
            f"{path} must hold the array {name} in chunks of at most "
            f"{MAX_CHUNK_BYTES:,} bytes. Received: dtype {place.dtype}, shape "
            f"{place.shape}, chunks {place.chunks}"
        )
    return place


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
        raise ContentError(
            f"{path} must hold uint8 images of shape {wanted}. Received: "
            f"{images.dtype}, shape {images.shape}"
        )
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
