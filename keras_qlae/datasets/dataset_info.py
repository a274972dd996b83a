"""What is known of a data set before it is loaded."""

import dataclasses
import math
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_qlae.datasets.factor_dataset import FactorDataset

DEFAULT_SIZE = 64
PREPARED_OPTIONS = {
    "image_size": (
        "height and width (default 64), as prepared with `--image-size`"
    ),
    "data_dir": (
        "where it was prepared (default KERAS_QLAE_DATA_DIR, or "
        "~/.keras/datasets/keras_qlae)"
    ),
}


class Block(NamedTuple):
    """Some images from published files.

    Attributes:
        positions: int64 `(n,)`, the positions of the images in the data set.
        images: uint8 `(n, height, width, channels)`.
    """

    positions: np.ndarray
    images: np.ndarray


# Reads the files, in the order of `DatasetInfo.files`. A reader in index order
# starts with the image at position `start`; others ignore it.
Reader = Callable[["DatasetInfo", list[Path], int], Iterator[Block]]


def no_files(
    info: "DatasetInfo", paths: list[Path], start: int
) -> Iterator[Block]:
    """The reader of an embedded data set, which has no files."""
    return iter(())


@dataclasses.dataclass(frozen=True)
class RawFile:
    """A published file of a data set.

    Attributes:
        name: Its name on the disk.
        url: Its address.
        num_bytes: Its size; an estimate unless `sha256` is known.
        sha256: Its hash, empty if none is published.
        md5: Its MD5 hash, empty if none is published.
        is_strict: Whether a file with another hash is refused, or used with a
            warning.
    """

    name: str
    url: str
    num_bytes: int
    sha256: str = ""
    md5: str = ""
    is_strict: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What is known of a data set before it is loaded.

    Attributes:
        name: Its name for `load`.
        summary: One line.
        description: What the pictures show, and remarks on scoring.
        factors: The name and the number of values of each factor, in index
            order.
        native_shape: `(height, width, channels)` in the published files; of
            an embedded data set, by default.
        licence: The licence of the pictures.
        citation: How to cite the data set.
        homepage: Where it comes from; empty for an embedded data set.
        options: Further arguments of `load`, with their meaning.
        make: Makes an embedded data set, with the options.
        files: What `prepare` downloads; none for an embedded data set.
        reader: Reads the files.
        in_order: Whether the reader returns the images in index order.
        tfds_labels: For each factor its feature in the data set of this name
            in TensorFlow Datasets; empty if there is none.
    """

    name: str
    summary: str
    description: str
    factors: dict[str, int]
    native_shape: tuple[int, int, int]
    licence: str
    citation: str
    homepage: str = ""
    options: dict[str, str] = dataclasses.field(
        default_factory=lambda: dict(PREPARED_OPTIONS)
    )
    make: Callable[..., FactorDataset] | None = None
    files: tuple[RawFile, ...] = ()
    reader: Reader = no_files
    in_order: bool = True
    tfds_labels: tuple[str, ...] = ()

    @property
    def num_values(self) -> int:
        """The number of combinations of factors."""
        return math.prod(self.factors.values())

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the pictures by default."""
        return DEFAULT_SIZE, DEFAULT_SIZE, self.native_shape[2]

    @property
    def download_bytes(self) -> int:
        """Size of the download; 0 for an embedded data set."""
        return sum(file.num_bytes for file in self.files)
