"""Prepared data sets of TensorFlow Datasets."""

import dataclasses
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.dataset_info import DEFAULT_SIZE
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.mapped import MappedDataset
from keras_qlae.datasets.prepared import serve
from keras_qlae.datasets.published.reading import npy_header
from keras_qlae.datasets.store import IMAGES
from keras_qlae.datasets.store import MIN_SIZE
from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import default_data_dir
from keras_qlae.datasets.store import gigabytes
from keras_qlae.datasets.tfds_names import TfdsName
from keras_qlae.datasets.tfds_names import parse_tfds
from keras_qlae.files import check_ordinary
from keras_qlae.files import read_json
from keras_qlae.files import replacing
from keras_qlae.files import write_json

OPTIONS = ("image_size", "data_dir")
_IN_PYTHON = ", or in Python `keras_qlae.datasets.from_tfds`"


@dataclasses.dataclass(frozen=True)
class TfdsStore(Store):
    """The place of a data set of TensorFlow Datasets.

    It has the images and a table of all labels that can be factors. For the
    stored images the position is the only factor.
    """

    @property
    def folder(self) -> Path:
        return self.data_dir / parse_tfds(self.info.name).folder

    @property
    def labels(self) -> Path:
        """The table of labels."""
        name = f"{self.prepared.name}-labels.npy"
        return self.prepared.with_name(name)

    @property
    def facts_of_labels(self) -> Path:
        """The description of that table."""
        return self.labels.with_suffix(".json")


@dataclasses.dataclass(frozen=True)
class Labels:
    """The labels of all images that can be factors: int32, a column a name.

    `classes` are the names that are factors by default.
    """

    table: np.ndarray
    names: tuple[str, ...]
    classes: tuple[str, ...]
    channels: int


def tfds_store(
    wanted: TfdsName,
    num_images: int,
    channels: int,
    image_size: int,
    data_dir: str | os.PathLike[str] | None,
) -> TfdsStore:
    """The place of a data set that has `num_images`."""
    check_integer("image_size", image_size, minimum=MIN_SIZE)
    place = default_data_dir() if data_dir is None else Path(data_dir)
    info = DatasetInfo(
        name=wanted.images,
        summary="",
        description="",
        factors={"image": num_images},
        native_shape=(image_size, image_size, channels),
        licence="",
        citation="",
    )
    return TfdsStore(info, place.expanduser(), int(image_size))


def load_tfds(
    name: str,
    image_size: int = DEFAULT_SIZE,
    data_dir: str | os.PathLike[str] | None = None,
) -> FactorDataset:
    """Loads a prepared data set, `tfds:NAME/CONFIG@SPLIT:FACTOR,FACTOR`."""
    wanted = parse_tfds(name)
    store = tfds_store(wanted, 1, 1, image_size, data_dir)
    if not store.facts_of_labels.exists():
        raise store.not_prepared(_IN_PYTHON)
    labels = read_labels_of(store)
    store = tfds_store(
        wanted, len(labels.table), labels.channels, image_size, data_dir
    )
    store.check_whole()
    if not store.is_prepared:
        needed = f" ({gigabytes(store.needed_bytes)} of disk)"
        raise store.not_prepared(f"{needed}{_IN_PYTHON}")
    factors = wanted.chosen(labels.names, labels.classes)
    columns = [labels.names.index(factor) for factor in factors]
    table = labels.table[:, columns]
    if (table < 0).any():
        row, column = np.argwhere(table < 0)[0]
        raise ValueError(
            f"Image {row} of `{name}` has no `{factors[column]}`: name a "
            f"split whose images have one, as in '{wanted.images}@train', or "
            f"other factors. It has: {', '.join(labels.names)}. "
            f"Received: {table[row, column]}"
        )
    return MappedDataset(
        str(wanted),
        store.prepared / IMAGES,
        store.image_shape,
        table,
        factors,
        serve(store).fingerprint(),
    )


def write_labels(store: TfdsStore, labels: Labels) -> None:
    """Writes a table of labels, then its description."""
    content = io.BytesIO()
    np.save(content, labels.table, allow_pickle=False)
    with replacing(store.labels, content.tell()) as path:
        path.write_bytes(content.getvalue())
    write_json(
        store.facts_of_labels,
        {
            "names": labels.names,
            "classes": labels.classes,
            "channels": labels.channels,
            "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
        },
    )


def read_labels_of(store: TfdsStore) -> Labels:
    """Reads what `write_labels` wrote."""
    for path in (store.facts_of_labels, store.labels):
        check_ordinary(path)
    try:
        facts = read_json(store.facts_of_labels)
        names, classes = (
            tuple(map(str, facts[key])) for key in ("names", "classes")
        )
        channels = int(facts["channels"])
        table = _read_table(store.labels, len(names), facts["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{store.folder} is damaged: delete it and run `{store.command}`. "
            f"Received: {type(error).__name__} ({error})"
        ) from error
    return Labels(table, names, classes, channels)


def _read_table(path: Path, num_labels: int, sha256: Any) -> np.ndarray:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path.name} is not what was written")
    file = io.BytesIO(content)
    shape, is_fortran, dtype = npy_header(file)
    is_plain = len(shape) == 2 and dtype == np.int32 and not is_fortran
    rest = len(content) - file.tell()
    if not is_plain or shape[1] != num_labels or shape[0] < 1:
        raise ValueError(f"{path.name} has shape {shape} of {dtype}")
    if rest != 4 * shape[0] * shape[1]:
        raise ValueError(f"{path.name} has {rest} bytes for {shape}")
    return np.frombuffer(file.read(), np.int32).reshape(shape)
