"""Reads images that TensorFlow Datasets has on the disk already."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.published.reading import BLOCK
from keras_qlae.datasets.published.reading import check_count


def tfds_folder(info: DatasetInfo) -> Path | None:
    """Looks for a data set that TensorFlow Datasets has prepared.

    Returns:
        The folder of its newest version below `$TFDS_DATA_DIR` or
        `~/tensorflow_datasets`, or `None`.
    """
    if not info.tfds_labels:
        return None
    default = Path.home() / "tensorflow_datasets"
    base = Path(os.environ.get("TFDS_DATA_DIR", default)).expanduser()
    found = (base / info.name).glob("*/dataset_info.json")
    versions = {_version(path.parent.name): path.parent for path in found}
    versions.pop((), None)
    return versions[max(versions)] if versions else None


def _version(name: str) -> tuple[int, ...]:
    """The numbers of a version, `()` of other names."""
    is_version = re.fullmatch(r"\d+(\.\d+)*", name)
    return tuple(map(int, name.split("."))) if is_version else ()


def read_tfds(info: DatasetInfo, folder: Path) -> Iterator[Block]:
    """Streams a data set of TensorFlow Datasets, all its splits.

    It keeps images in an order of its own: their labels tell their places.

    Args:
        info: The data set.
        folder: As of `tfds_folder`.

    Yields:
        Blocks in any order.

    Raises:
        ValueError: If images are missing. For other damage, whatever
            TensorFlow Datasets raises.
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(folder)
    sizes = tuple(info.factors.values())
    total = 0
    for split in builder.info.splits:
        batches = builder.as_dataset(split=split, batch_size=BLOCK)
        for batch in tfds.as_numpy(batches):
            labels = [batch[name] for name in info.tfds_labels]
            images = batch["image"]
            total += len(images)
            if info.name == "dsprites":
                images = images * np.uint8(255)  # kept as 0 and 1
            yield Block(np.ravel_multi_index(tuple(labels), sizes), images)
    check_count(info, folder, total)
