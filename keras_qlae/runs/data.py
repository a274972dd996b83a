"""The images of a run: which are trained on, which are scored."""

import inspect
import os
import re
import warnings
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae import datasets
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.registry import is_path
from keras_qlae.datasets.registry import options_of
from keras_qlae.datasets.registry import resolve
from keras_qlae.datasets.support import FULL
from keras_qlae.datasets.support import Support
from keras_qlae.datasets.support import is_foreign as is_own_support
from keras_qlae.datasets.tfds_names import is_tfds
from keras_qlae.recipes.parts import import_object
from keras_qlae.recipes.protocol import Scoring

_FEWEST = 10  # images: of a fifth of them there are two to compare


def of_arrays(dataset: Any) -> str | FactorDataset:
    """A data set of arrays or a path; a name or a data set as it is.

    Args:
        dataset: A name, a path, a data set, images as of
            `datasets.from_arrays`, or `(images, factors)`.

    Raises:
        ValueError: Arrays that cannot be a data set.
    """
    if isinstance(dataset, str | FactorDataset):
        return dataset
    if isinstance(dataset, os.PathLike):
        return str(os.fspath(dataset))
    if isinstance(dataset, tuple):
        if len(dataset) != 2:
            raise ValueError(
                "`dataset` must be a name, a `FactorDataset`, images, or "
                f"(images, factors). Received: {len(dataset)} arrays"
            )
        return datasets.from_arrays(*dataset)
    return datasets.from_arrays(dataset)


def is_known(name: str) -> bool:
    """Whether a data set of this name can be looked for."""
    known = datasets.available()
    return name in known or is_path(name) or is_tfds(name) or is_foreign(name)


def name_of(dataset: str | FactorDataset) -> str:
    """The name of a data set as `config.json` holds it.

    That of a folder is its absolute path.
    """
    if isinstance(dataset, FactorDataset):
        return dataset.name
    return dataset if is_foreign(dataset) else resolve(dataset)


def has_sizes(dataset: str | FactorDataset) -> bool:
    """Whether the images of a data set can be had in several sizes."""
    if isinstance(dataset, FactorDataset):
        return False
    if is_foreign(dataset):
        return "image_size" in _parameters(import_object(dataset))
    return "image_size" in options_of(dataset)


def load(dataset: Any, image_size: int) -> FactorDataset:
    """Loads a data set by name.

    Args:
        dataset: A name of `datasets.available()`, a folder of images, an
            `.npz` file, or `module:name` of a class or function of one's own,
            which is called with `image_size` if it takes that. Arrays are
            made a data set, as of `of_arrays`; a data set is returned as it
            is.
        image_size: Height and width, for data sets that have several sizes.

    Raises:
        ValueError: There is none of this name, or what was called returned
            something else.
    """
    dataset = of_arrays(dataset)
    if isinstance(dataset, FactorDataset):
        return dataset
    options = {"image_size": image_size} if has_sizes(dataset) else {}
    if not is_foreign(dataset):
        return datasets.load(dataset, **options)
    data = import_object(dataset)(**options)
    if not isinstance(data, FactorDataset):
        raise ValueError(
            f"`{dataset}` must make a `keras_qlae.datasets.FactorDataset`. "
            f"Received: {type(data).__name__}"
        )
    return data


def split(
    scoring: Scoring,
    data: FactorDataset,
    support: str = FULL,
    warns: bool = True,
) -> tuple[FactorDataset, FactorDataset]:
    """What is trained on, and what is scored: at most a fifth.

    The same for every seed, so that runs are scored on the same images.

    Args:
        scoring: Which images are scored.
        data: All images.
        support: Which combinations of factors are trained on, as of
            `Training`.
        warns: Whether to warn of fewer scored images than asked for.

    Raises:
        ValueError: There are, or the support leaves, fewer than 10 images.
    """
    chosen = _resolved(support)
    choice, whence = len(data), f"`{data.name}`"
    if support != FULL and scoring.scored_support == "same":
        choice = int(np.count_nonzero(data.occurrences(chosen)))
        whence = f"`{data.name}` with the support {support}"
    if choice < _FEWEST:
        raise ValueError(
            f"A data set must have at least {_FEWEST} images, since a fifth of "
            f"them is scored. Received: {choice} images in {whence}"
        )
    num_scored = min(scoring.num_scored, choice // 5)
    if warns and num_scored < scoring.num_scored:
        warnings.warn(
            f"{num_scored} images are scored in place of the "
            f"{scoring.num_scored} of `num_scored`: a fifth of the {choice} "
            f"images of {whence}. Scores of fewer images vary more.",
            stacklevel=3,
        )
    return data.split(
        num_scored,
        seed=0,
        protocol=scoring.protocol,
        support=chosen,
        scored_support=scoring.scored_support,
    )


def check_support(data: FactorDataset, support: str) -> None:
    """Raises if a data set has no such support.

    Raises:
        ValueError: It names a factor that is not there, or leaves no image.
    """
    if support != FULL:
        data.occurrences(_resolved(support))


def spread(size: int, count: int) -> Any:
    """Positions spread evenly over a data set."""
    return np.linspace(0, size - 1, min(size, count)).astype(int)


def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    return inspect.signature(function).parameters


def varied(images: np.ndarray, count: int) -> np.ndarray:
    """Positions of images that differ from one another, to be shown.

    Images of much the same colour all over are passed over, where there are
    others: half of the images have less contrast than the rest.

    Args:
        images: `(n, height, width, channels)`.
        count: How many, if there are as many.

    Returns:
        `(count,)`, that of the most contrast first; then always the one that
        is farthest from those before it.
    """
    levels = images.astype(np.float32)
    contrast = levels.std(axis=(1, 2)).sum(axis=-1)
    left = np.argsort(-contrast, kind="stable")[: max(count, len(images) // 2)]
    chosen = [left[0]]
    distance = np.full(len(images), -1.0)
    distance[left] = np.inf
    while len(chosen) < min(count, len(left)):
        away = ((levels - levels[chosen[-1]]) ** 2).mean(axis=(1, 2, 3))
        distance = np.minimum(distance, away)
        distance[chosen] = -1.0
        chosen.append(int(distance.argmax()))
    return np.array(chosen)


def _resolved(support: str) -> Support:
    """A support, the function of an import path imported."""
    if is_own_support(support):
        function: Support = import_object(support)
        return function
    return support


def is_foreign(name: str) -> bool:
    """Whether a name is the import path of a data set of one's own."""
    return ":" in name and not (is_tfds(name) or is_path(name))


def folder_of(dataset: str | FactorDataset) -> str:
    """A data set's name, for the folder of its runs."""
    name = name_of(dataset)
    if is_tfds(name):
        return re.sub(r"[:/@,]", "-", name)
    return Path(name).name.removesuffix(".npz").replace(":", "-")
