"""The images of a run, for training and for scoring."""

import inspect
import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae import datasets
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.archives import is_archive
from keras_qlae.datasets.folder_dataset import has_table
from keras_qlae.datasets.registry import is_path
from keras_qlae.datasets.registry import options_of
from keras_qlae.datasets.registry import resolve
from keras_qlae.datasets.support import FULL
from keras_qlae.datasets.support import Support
from keras_qlae.datasets.support import is_foreign as is_own_support
from keras_qlae.datasets.tfds_names import is_tfds
from keras_qlae.recipes import Recipe
from keras_qlae.recipes.parts import import_object
from keras_qlae.recipes.protocol import Scoring

_FEWEST = 10  # images, so that a fifth of them are two to compare


def of_arrays(dataset: Any) -> str | FactorDataset:
    """Makes a data set of arrays; returns a name or a data set as it is."""
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
    """Whether a data set with this name may exist."""
    known = datasets.available()
    return name in known or is_path(name) or is_tfds(name) or is_foreign(name)


def name_of(dataset: str | FactorDataset) -> str:
    """The name of a data set in `config.json`.

    The name of a folder is its absolute path.
    """
    if isinstance(dataset, FactorDataset):
        return dataset.name
    return dataset if is_foreign(dataset) else resolve(dataset)


def has_sizes(dataset: str | FactorDataset) -> bool:
    """Whether the images of a data set are available in several sizes."""
    if isinstance(dataset, FactorDataset):
        return False
    if is_foreign(dataset):
        function = import_object(dataset)
        return "image_size" in inspect.signature(function).parameters
    return "image_size" in options_of(dataset)


def load(dataset: Any, image_size: int) -> FactorDataset:
    """Loads a data set by name, as in `runs.train`.

    `module:name` is called with the image size if it has such an argument. The
    size is for data sets that have several. Arrays become a data set, as in
    `of_arrays`; a data set is returned as it is.
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
            f"`{dataset}` must return a `keras_qlae.datasets.FactorDataset`. "
            f"Received: {type(data).__name__}"
        )
    return data


def check_num_latents(dataset: Any, recipe: Recipe) -> None:
    """Raises if the number of latents is missing, before images are read.

    It is known at once whether a folder or a ZIP archive has a table. For
    other data this is checked when the model is built.
    """
    if not isinstance(dataset, str) or not is_path(dataset):
        return
    path = Path(dataset)
    is_folder = path.is_dir() or is_archive(path)
    if is_folder and not has_table(path):
        recipe.check_num_latents()


def split(
    scoring: Scoring,
    data: FactorDataset,
    support: str = FULL,
    warns: bool = True,
) -> tuple[FactorDataset, FactorDataset]:
    """Splits images into those for training and, at most a fifth, scoring.

    The split is the same for every seed, so that all runs are scored on the
    same images. At least 10 must be left by the support. It may warn if fewer
    are scored than requested.
    """
    chosen = _resolved(support)
    choice, whence = len(data), f"`{data.name}`"
    kind = "images" if data.has_images else "vectors"
    if support != FULL and scoring.scored_support == "same":
        choice = int(np.count_nonzero(data.occurrences(chosen)))
        whence = f"`{data.name}` with the support {support}"
    if choice < _FEWEST:
        raise ValueError(
            f"A data set must have at least {_FEWEST} {kind}, since a fifth of "
            f"them is scored. Received: {choice} {kind} in {whence}"
        )
    num_scored = min(scoring.num_scored, choice // 5)
    if warns and num_scored < scoring.num_scored:
        warnings.warn(
            f"{num_scored} {kind} are scored instead of the "
            f"{scoring.num_scored} of `num_scored`: a fifth of the {choice} "
            f"{kind} of {whence}. Scores of fewer {kind} vary more.",
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
    """Raises if a support does not fit a data set."""
    if support != FULL:
        data.occurrences(_resolved(support))


def spread(size: int, count: int) -> Any:
    """Positions spread evenly over a data set."""
    return np.linspace(0, size - 1, min(size, count)).astype(int)


def varied(images: np.ndarray, count: int) -> np.ndarray:
    """Chooses different images to show; returns their positions.

    The first is the image with most contrast; each next one is the image
    farthest from those before it. The half of the images with least contrast is
    not used, if there are enough others.
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
    """Returns a support, with the function of an import path imported."""
    if is_own_support(support):
        function: Support = import_object(support)
        return function
    return support


def is_foreign(name: str) -> bool:
    """Whether a name is an import path, of your own data set."""
    return ":" in name and not (is_tfds(name) or is_path(name))


def folder_of(dataset: str | FactorDataset) -> str:
    """The name of a data set, for the folder of its runs."""
    name = name_of(dataset)
    if is_tfds(name):
        return re.sub(r"[:/@,]", "-", name)
    path = Path(name)
    is_file = path.suffix in (".npz", ".zip")
    return (path.stem if is_file else path.name).replace(":", "-")
