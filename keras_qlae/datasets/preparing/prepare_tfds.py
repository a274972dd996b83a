"""Prepares any data set of TensorFlow Datasets that has images."""

import os
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

from keras_qlae.datasets.dataset_info import DEFAULT_SIZE
from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.preparing.convert import convert
from keras_qlae.datasets.preparing.disk import check_room
from keras_qlae.datasets.preparing.download import check_reachable
from keras_qlae.datasets.preparing.sources import Source
from keras_qlae.datasets.preparing.sources import damaged_copy
from keras_qlae.datasets.published.tfds import tfds_data_dir
from keras_qlae.datasets.published.tfds_features import TfdsFeatures
from keras_qlae.datasets.published.tfds_features import find_copy
from keras_qlae.datasets.published.tfds_features import read_images
from keras_qlae.datasets.published.tfds_features import read_labels
from keras_qlae.datasets.published.tfds_features import record_files
from keras_qlae.datasets.published.tfds_features import tfds_builder
from keras_qlae.datasets.published.tfds_features import tfds_features
from keras_qlae.datasets.tfds_dataset import Labels
from keras_qlae.datasets.tfds_dataset import TfdsStore
from keras_qlae.datasets.tfds_dataset import load_tfds
from keras_qlae.datasets.tfds_dataset import read_labels_of
from keras_qlae.datasets.tfds_dataset import tfds_store
from keras_qlae.datasets.tfds_dataset import write_labels
from keras_qlae.datasets.tfds_names import PREFIX
from keras_qlae.datasets.tfds_names import TfdsName
from keras_qlae.datasets.tfds_names import parse_tfds
from keras_qlae.files import locked

_AGAIN = "it is downloaded again"


def from_tfds(
    name: str,
    factors: Sequence[str] | None = None,
    *,
    split: str = "",
    image_size: int = DEFAULT_SIZE,
    data_dir: str | os.PathLike[str] | None = None,
) -> FactorDataset:
    """Makes a data set from TensorFlow Datasets, if it has images.

    Images are decoded and resized once, and then read from the disk. If
    TensorFlow Datasets has prepared the data set (`$TFDS_DATA_DIR` or
    `~/tensorflow_datasets`), that copy is used; otherwise it is downloaded to
    there first. On the command line use `--dataset tfds:NAME`, after
    `keras-qlae datasets prepare tfds:NAME`.

    Args:
        name: Its name in TensorFlow Datasets, with a configuration if there
            are several: `"mnist"`, `"eurosat/rgb"`. Your own is available
            after its module was imported.
        factors: Names of the features that are its factors: classes, numbers
            or words, one per image. Defaults to every `ClassLabel`.
        split: Name of a split. Defaults to all splits.
        image_size: Height and width; images of any size are resized to it.
        data_dir: The folder of prepared data sets. Defaults to
            `$KERAS_QLAE_DATA_DIR`, or if that is not set to
            `~/.keras/datasets/keras_qlae`.

    Returns:
        A `FactorDataset`, in the order of the splits' names and of the
        records.

    Raises:
        ConnectionError: It is not on the disk, and there is no network. The
            message says what to do.
        ValueError: There is no such data set, configuration, split or
            feature, an image has no value of a factor, or the copy is
            damaged.
        OSError: The disk is full.

    Example:
        ```python
        dataset = from_tfds("shapes3d", ["label_shape", "label_scale"])
        train, validation = dataset.split()
        ```
    """
    part = f"@{split}" if split else ""
    chosen = f":{','.join(factors)}" if factors else ""
    full = f"{PREFIX}{name.removeprefix(PREFIX)}{part}{chosen}"
    prepare_tfds(full, data_dir, image_size, show_progress=True)
    return load_tfds(full, image_size, data_dir)


def prepare_tfds(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    image_size: int = DEFAULT_SIZE,
    show_progress: bool = True,
) -> Path:
    """Writes the decoded images of a data set and its labels to the disk.

    It is `prepare` for `tfds:NAME`. All labels are prepared.
    """
    wanted = parse_tfds(name)
    place = tfds_store(wanted, 1, 1, image_size, data_dir)
    if place.prepared.exists() and place.facts_of_labels.exists():
        labels = read_labels_of(place)
        known = tfds_store(
            wanted, len(labels.table), labels.channels, image_size, data_dir
        )
        known.check_whole()
        return known.prepared
    features = tfds_features(wanted)
    wanted.chosen(features.labels, features.class_labels)
    busy = (
        f"Another process is preparing the data set in {place.folder}: wait "
        "for it to end, or choose another `--data-dir`."
    )
    with locked(place.folder, busy):
        folder = find_copy(features) or _download(wanted, features, place)
        return _prepare(
            wanted, features, folder, image_size, data_dir, show_progress
        )


def _prepare(
    wanted: TfdsName,
    features: TfdsFeatures,
    folder: Path,
    image_size: int,
    data_dir: str | os.PathLike[str] | None,
    show_progress: bool,
) -> Path:
    try:
        paths = record_files(folder, wanted)
        table, num_images = read_labels(features, paths)
    except ImportError:
        raise
    except Exception as error:
        raise damaged_copy(wanted.images, folder, error, _AGAIN) from error
    store = tfds_store(
        wanted, num_images, features.channels, image_size, data_dir
    )
    check_room(store)
    write_labels(
        store,
        Labels(
            table,
            tuple(features.labels),
            features.class_labels,
            features.channels,
        ),
    )

    def blocks(start: int) -> Iterator[Block]:
        try:
            yield from read_images(features, paths, image_size, start)
        except Exception as error:
            raise damaged_copy(wanted.images, folder, error, _AGAIN) from error

    origin = {"tensorflow_datasets": str(folder), "split": wanted.split}
    convert(store, Source(origin, True, blocks), show_progress)
    return store.prepared


def _download(
    wanted: TfdsName, features: TfdsFeatures, store: TfdsStore
) -> Path:
    """Lets TensorFlow Datasets download and prepare, if there is a network."""
    base = tfds_data_dir()
    if features.urls:
        try:
            check_reachable(features.urls[0])
        except ConnectionError as error:
            listed = "".join(f"\n  {url}" for url in features.urls[:5])
            raise ConnectionError(
                f"Cannot download `{store.info.name}` ({error}).\nTensorFlow "
                f"Datasets takes it from{listed}\nPrepare it where there is a "
                f"network, with `tfds build {wanted.name}`, and put the folder "
                f"at\n  {base / features.place}\n"
                f"Then `{store.command}` needs no network. The embedded data "
                "sets `room3d` and `sprites2d` need no download."
            ) from error
    builder = tfds_builder(wanted, base)
    builder.download_and_prepare(file_format="tfrecord")
    return Path(builder.data_dir)
