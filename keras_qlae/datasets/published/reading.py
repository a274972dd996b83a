"""What the readers of published files share."""

from pathlib import Path

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.dataset_info import DatasetInfo

BLOCK = 500  # images; some megabytes


def ordered(images: np.ndarray, start: int) -> Block:
    """A block of images that follow each other from `start`."""
    return Block(np.arange(start, start + len(images)), images)


def is_extra(name: str) -> bool:
    """Whether a member of an archive is one that macOS adds of its own."""
    folder, _, file = name.rpartition("/")
    return "__MACOSX" in folder.split("/") or file.startswith("._")


def check_count(info: DatasetInfo, path: Path, num_images: int) -> None:
    """Refuses a file with another number of images than the factors tell.

    Raises:
        ValueError: If the numbers differ.
    """
    if num_images != info.num_values:
        raise ValueError(
            f"{path} must hold {info.num_values} images, one for each "
            f"combination of factors {tuple(info.factors.values())}: it is "
            f"not the file of `{info.name}`, or a damaged one. Received: "
            f"{num_images} images"
        )


def check_labels(info: DatasetInfo, path: Path, labels: np.ndarray) -> None:
    """Refuses a file whose labels do not follow the order of the factors.

    Args:
        info: The data set.
        path: The file, for the message.
        labels: `(n, num_factors)`, a value of each factor for each image, in
            any unit and direction.

    Raises:
        ValueError: If the shape differs, or a label varies where its factor
            does not.
    """
    if labels.ndim != 2 or labels.shape[1] != len(info.factors):
        raise ValueError(
            f"{path} must hold labels of shape (n, {len(info.factors)}), a "
            f"column for each factor. Received: shape {labels.shape}"
        )
    check_count(info, path, len(labels))
    sizes = tuple(info.factors.values())
    index = np.arange(len(labels))
    for column, name in enumerate(info.factors):
        factor = np.unravel_index(index, sizes)[column]
        stride = int(np.prod(sizes[column + 1 :], dtype=np.int64))
        values = labels[np.arange(sizes[column]) * stride, column]
        if not np.allclose(labels[:, column], values[factor], atol=1e-5):
            raise ValueError(
                f"{path} does not hold the images of `{info.name}` in index "
                f"order: its label number {column} does not follow factor "
                f"`{name}`, which has {sizes[column]} values and "
                f"changes every {stride} images."
            )
