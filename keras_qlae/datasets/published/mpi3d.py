"""MPI3D: its description and its reader."""

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from keras_qlae.datasets.checks import some
from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.published.reading import BLOCK
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.reading import check_count
from keras_qlae.datasets.published.reading import npy_header
from keras_qlae.datasets.published.reading import open_member
from keras_qlae.datasets.published.reading import ordered

_MEMBER = "images.npy"


def read_npz(
    info: DatasetInfo, paths: list[Path], start: int
) -> Iterator[Block]:
    """Streams the array `images` of an archive."""
    (path,) = paths
    image_bytes = math.prod(info.native_shape)
    with zipfile.ZipFile(path) as archive:
        if archive.namelist().count(_MEMBER) != 1:
            raise ContentError(
                f"{path} must hold one array `images`. Received: "
                f"{some(archive.namelist())}"
            )
        # It is streamed, so that its size does not matter.
        with open_member(archive, path, _MEMBER, 2**63) as file:
            num_images = _read_header(file, info, path)
            _skip(file, start * image_bytes)
            for first in range(start, num_images, BLOCK):
                count = min(BLOCK, num_images - first)
                data = file.read(count * image_bytes)
                if len(data) < count * image_bytes:
                    raise EOFError(f"it ends within image {first}")
                images = np.frombuffer(data, np.uint8)
                yield ordered(images.reshape(-1, *info.native_shape), first)
            file.read(1)  # the end: here the checksum is compared


def _read_header(file: IO[bytes], info: DatasetInfo, path: Path) -> int:
    """Checks the array's header; returns the number of images."""
    shape, fortran_order, dtype = npy_header(file)
    if dtype != np.uint8 or fortran_order or shape[-3:] != info.native_shape:
        raise ContentError(
            f"{path} must hold uint8 images of shape {info.native_shape}, row "
            f"by row. Received: {dtype}, shape {shape}, "
            f"fortran_order={fortran_order}"
        )
    num_images = math.prod(shape[:-3])
    check_count(info, path, num_images)
    return num_images


def _skip(file: IO[bytes], num_bytes: int) -> None:
    while num_bytes > 0:
        data = file.read(min(num_bytes, 2**24))
        if not data:
            raise EOFError("it ends before the images that were left")
        num_bytes -= len(data)


NATIVE_SHAPE = (64, 64, 3)
HOMEPAGE = "https://github.com/rr-learning/disentanglement_dataset"
CITATION = (
    "M. W. Gondal, M. Wüthrich, Đ. Miladinović, F. Locatello, M. Breidt, "
    "V. Volchkov, J. Akpo, O. Bachem, B. Schölkopf, S. Bauer: On the Transfer "
    "of Inductive Bias from Simulation to the Real World: a New "
    "Disentanglement Dataset. NeurIPS 2019, arXiv:1906.03292"
)
DEFAULT_CONFIG = "real_complex"
# The kind of pictures, and the MD5 of the file.
_PARTS = {
    "toy": ("simple rendering", "55889cb7c7dfc655d6e0277beee88868"),
    "realistic": ("realistic rendering", "59a6225b88b635365f70c91b3e52f70f"),
    "real": ("photographs", "0f33f609918fb5c97996692f91129802"),
    "real_complex": ("photographs of everyday objects", ""),
}


def _describe(config: str) -> DatasetInfo:
    pictures, md5 = _PARTS[config]
    is_default = config == DEFAULT_CONFIG
    factors = {
        "object_color": 4 if is_default else 6,
        "object_shape": 4 if is_default else 6,
        "object_size": 2,
        "camera_height": 3,
        "background_color": 3,
        "horizontal_axis": 40,
        "vertical_axis": 40,
    }
    return DatasetInfo(
        name="mpi3d" if is_default else f"mpi3d_{config}",
        summary=f"A robot arm holds an object: {pictures}.",
        description=(
            f"MPI3D, part `{config}`: a robot arm holds an object and moves it "
            f"along two axes ({pictures}). Papers that say only MPI3D, the "
            "one of latent quantization among them, mostly mean the part "
            "`real_complex`, here `mpi3d`."
        ),
        factors=factors,
        native_shape=NATIVE_SHAPE,
        licence="CC BY 4.0",
        citation=CITATION,
        homepage=HOMEPAGE,
        files=(_file(config, md5, math.prod(factors.values())),),
        reader=read_npz,
    )


def _file(config: str, md5: str, num_images: int) -> RawFile:
    # The size of the archives is not published: at most that of the images.
    num_bytes = num_images * math.prod(NATIVE_SHAPE)
    if config == "real_complex":
        return RawFile(
            name="real3d_complicated_shapes_ordered.npz",
            url=(
                "https://drive.google.com/uc?"
                "id=1Tp8eTdHxgUMtsZv5uAoYAbJR1BOa_OQm"
            ),
            num_bytes=num_bytes,
        )
    return RawFile(
        name=f"mpi3d_{config}.npz",
        url=(
            "https://huggingface.co/datasets/waleedgondal/mpi3d/resolve/main/"
            f"mpi3d_{config}.npz"
        ),
        num_bytes=num_bytes,
        md5=md5,
        is_strict=False,  # the hash of a copy on a host that is gone
    )


CONFIGS = {config: _describe(config) for config in _PARTS}
INFOS = tuple(CONFIGS.values())
