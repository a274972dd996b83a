"""Reads images that TensorFlow Datasets has already prepared on the disk.

Its own reader would import classes that the description of the copy names.
Here only the records are read, not the description.
"""

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.images import read_image
from keras_qlae.datasets.published.reading import BLOCK
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.reading import check_count
from keras_qlae.files import check_ordinary

_HEAD = 12  # bytes before a record: its length, and a checksum of that
_TAIL = 4  # a checksum of the record


def tfds_folder(info: DatasetInfo) -> Path | None:
    """The newest version that TensorFlow Datasets has prepared, or `None`.

    It is below `$TFDS_DATA_DIR` or `~/tensorflow_datasets`.
    """
    if not info.tfds_labels:
        return None
    return newest_version(tfds_data_dir() / info.name)


def tfds_data_dir() -> Path:
    """The folder of all data sets of TensorFlow Datasets."""
    default = Path.home() / "tensorflow_datasets"
    return Path(os.environ.get("TFDS_DATA_DIR", default)).expanduser()


def newest_version(folder: Path) -> Path | None:
    """The newest complete version of a data set, or `None`."""
    found = folder.glob("*/dataset_info.json")
    versions = {_version(path.parent.name): path.parent for path in found}
    versions.pop((), None)
    return versions[max(versions)] if versions else None


def _version(name: str) -> tuple[int, ...]:
    """The numbers of a version, `()` of other names."""
    is_version = re.fullmatch(r"\d{1,9}(\.\d{1,9}){0,3}", name)
    return tuple(map(int, name.split("."))) if is_version else ()


def read_tfds(info: DatasetInfo, folder: Path) -> Iterator[Block]:
    """Streams all splits of a data set of TensorFlow Datasets.

    Its images are in another order: their labels give their positions.
    """
    from keras_qlae.datasets.pipeline import import_tensorflow

    tf = import_tensorflow()
    labels = {n: tf.io.FixedLenFeature([], tf.int64) for n in info.tfds_labels}
    features = {"image": tf.io.FixedLenFeature([], tf.string), **labels}
    sizes = tuple(info.factors.values())
    paths = sorted(folder.glob(f"{info.name}-*.tfrecord-*"))
    max_bytes = 4 * int(np.prod(info.native_shape)) + 2**16
    for path in paths:
        count_records(path, max_bytes)
    records = tf.data.TFRecordDataset([str(path) for path in paths])
    total = 0
    for batch in records.batch(BLOCK):
        examples = tf.io.parse_example(batch, features)
        factors = np.stack([examples[n].numpy() for n in labels], axis=1)
        if (factors < 0).any() or (factors >= sizes).any():
            raise ContentError(
                f"{folder} must number the values of {tuple(info.factors)}, "
                f"which are {sizes}. Received: from {factors.min(axis=0)} to "
                f"{factors.max(axis=0)}"
            )
        images = [_decode(info, x) for x in examples["image"].numpy()]
        total += len(images)
        positions = np.ravel_multi_index(tuple(factors.T), sizes)
        yield Block(positions, np.stack(images))
    check_count(info, folder, total)


def count_records(path: Path, max_bytes: int) -> int:
    """Counts the records of a file, of at most `max_bytes` each."""
    check_ordinary(path)
    size, place, number = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            head = file.read(_HEAD).ljust(_HEAD, b"\0")
            (length,) = struct.unpack_from("<Q", head)
            place += _HEAD + length + _TAIL
            number += 1
            if length > max_bytes or place > size:
                raise ContentError(
                    f"{path.name} must hold complete records of at most "
                    f"{max_bytes:,} bytes. Received: one of {length:,} at "
                    f"byte {place - length - _HEAD - _TAIL:,} of {size:,}"
                )
    return number


def _decode(info: DatasetInfo, content: bytes) -> np.ndarray:
    height, width, channels = info.native_shape
    image = read_image(content, "An image", (height, width), channels == 1)
    # dSprites is kept as 0 and 1.
    return image * np.uint8(255) if info.name == "dsprites" else image
