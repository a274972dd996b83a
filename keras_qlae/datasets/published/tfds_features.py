"""The features and records of an image data set of TensorFlow Datasets.

The description of a copy on the disk names classes that a reader would import.
Here the features come from the installed code, and only the records are read
from the copy.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.images import MAX_BYTES
from keras_qlae.datasets.images import read_image
from keras_qlae.datasets.images import resize
from keras_qlae.datasets.published.reading import BLOCK
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.tfds import count_records
from keras_qlae.datasets.published.tfds import newest_version
from keras_qlae.datasets.published.tfds import tfds_data_dir
from keras_qlae.datasets.tfds_names import TfdsName
from keras_qlae.hints import hint


@dataclasses.dataclass(frozen=True)
class TfdsFeatures:
    """The features of a data set that are used here.

    Attributes:
        image: Name of the image.
        channels: 1 for grey images, else 3.
        labels: Names of the features that can be factors, each with its type
            in the records.
        class_labels: The labels that are classes.
        place: Its folder below that of all data sets, without the version.
        urls: The addresses of its files, as far as they are known.
    """

    image: str
    channels: int
    labels: dict[str, Any]
    class_labels: tuple[str, ...]
    place: Path
    urls: tuple[str, ...]


def tfds_builder(wanted: TfdsName, data_dir: Path) -> Any:
    """The builder of a data set, from the code that is installed."""
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder_cls(wanted.name)
    except tfds.core.registered.DatasetNotFoundError as error:
        known = tfds.list_builders(with_community_datasets=False)
        raise ValueError(
            "TensorFlow Datasets has no data set of this name."
            f"{hint(wanted.name, known)} One of your own is known once its "
            f"module is imported. Received: {wanted.name!r}"
        ) from error
    configs = [config.name for config in builder.BUILDER_CONFIGS]
    if wanted.config and wanted.config not in configs:
        raise ValueError(
            f"`{wanted.name}` of TensorFlow Datasets has no configuration "
            f"`{wanted.config}`.{hint(wanted.config, configs)} "
            f"It has: {', '.join(configs) or 'none'}. "
            f"Received: {str(wanted)!r}"
        )
    return builder(data_dir=data_dir, config=wanted.config or None)


def tfds_features(wanted: TfdsName) -> TfdsFeatures:
    """Finds the features of an image data set that need not be on the disk."""
    import tensorflow_datasets as tfds

    nowhere = Path("/nonexistent")  # no copy is looked at
    builder = tfds_builder(wanted, nowhere)
    features = builder.info.features
    members: dict[str, Any] = {}
    if isinstance(features, tfds.features.FeaturesDict):
        members = dict(features.items())
    images = [
        name
        for name, feature in members.items()
        if isinstance(feature, tfds.features.Image)
        and feature.np_dtype == np.uint8
    ]
    if not images:
        raise ValueError(
            f"`{wanted.images}` must have a feature that is an image of 8 bits "
            f"per channel. Received: features {', '.join(members) or 'unknown'}"
        )
    image = "image" if "image" in images else images[0]
    labels = {
        name: feature.get_serialized_info().np_dtype
        for name, feature in members.items()
        if _is_label(feature)
    }
    return TfdsFeatures(
        image,
        1 if members[image].shape[-1] == 1 else 3,
        labels,
        tuple(
            name
            for name in labels
            if isinstance(members[name], tfds.features.ClassLabel)
        ),
        Path(builder.data_dir).relative_to(nowhere).parent,
        tuple(builder.url_infos or ()),
    )


def find_copy(features: TfdsFeatures) -> Path | None:
    """The folder of the newest version on the disk, or `None`."""
    return newest_version(tfds_data_dir() / features.place)


def record_files(folder: Path, wanted: TfdsName) -> list[Path]:
    """The files of records of a copy, split by split."""
    split = wanted.split or "*"
    pattern = f"{wanted.name}-{split}.tfrecord-?????-of-?????"
    paths = sorted(folder.glob(pattern))
    if not paths:
        splits = {
            path.name.removeprefix(f"{wanted.name}-").partition(".")[0]
            for path in folder.glob(f"{wanted.name}-*.tfrecord-*")
        }
        raise ContentError(
            f"{folder} must hold records named {pattern}. Received: splits "
            f"{', '.join(sorted(splits)) or 'none'}"
            f"{hint(wanted.split, splits)}"
        )
    return paths


def read_labels(
    features: TfdsFeatures, paths: list[Path]
) -> tuple[np.ndarray, int]:
    """Reads the features that can be factors, and the number of images.

    Labels are int32 `(num_images, num_labels)`: classes as they are, and for
    other features the numbers of their values in ascending order.
    """
    from keras_qlae.datasets.pipeline import import_tensorflow

    tf = import_tensorflow()
    total = sum(count_records(path, MAX_BYTES) for path in paths)
    parsed = {
        name: tf.io.FixedLenFeature([], _record_type(tf, dtype))
        for name, dtype in features.labels.items()
    }
    table = np.zeros((total, len(parsed)), np.int32)
    if not parsed:
        return table, total
    batches: dict[str, list[np.ndarray]] = {name: [] for name in parsed}
    records = tf.data.TFRecordDataset([str(path) for path in paths])
    for batch in records.batch(BLOCK):
        examples = tf.io.parse_example(batch, parsed)
        for name, parts in batches.items():
            parts.append(examples[name].numpy())
    for column, (name, parts) in zip(table.T, batches.items(), strict=True):
        values = np.concatenate(parts)
        if name not in features.class_labels:
            if values.dtype == object:
                values = values.astype(bytes)
            values = np.unique(values, return_inverse=True)[1]
        column[:] = values
    return table, total


def read_images(
    features: TfdsFeatures, paths: list[Path], image_size: int, start: int
) -> Iterator[Block]:
    """Decodes and resizes images from `start` on, in the records' order."""
    from keras_qlae.datasets.pipeline import import_tensorflow

    tf = import_tensorflow()
    records = tf.data.TFRecordDataset([str(path) for path in paths])
    parsed = {features.image: tf.io.FixedLenFeature([], tf.string)}
    for batch in records.skip(start).batch(BLOCK):
        contents = tf.io.parse_example(batch, parsed)[features.image].numpy()
        images = [
            resize(
                read_image(content, "An image", grey=features.channels == 1)[
                    None
                ],
                image_size,
            )
            for content in contents
        ]
        positions = np.arange(start, start + len(images))
        yield Block(positions, np.concatenate(images))
        start += len(images)


def _is_label(feature: Any) -> bool:
    """Whether a feature is one number or word per image."""
    info = feature.get_serialized_info()
    if isinstance(info, dict) or not hasattr(info, "np_dtype"):
        return False
    kind = np.dtype(info.np_dtype).kind
    is_single = feature.shape == () and info.shape == ()
    return is_single and kind in "biufSUO"


def _record_type(tf: Any, dtype: Any) -> Any:
    """The type of a feature in the records."""
    kind = np.dtype(dtype).kind
    if kind in "biu":
        return tf.int64
    return tf.float32 if kind == "f" else tf.string
