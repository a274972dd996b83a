"""The images of a run: which are trained on, which are scored."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae import datasets
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.registry import options_of
from keras_qlae.datasets.registry import resolve
from keras_qlae.datasets.support import FULL
from keras_qlae.datasets.support import Support
from keras_qlae.datasets.support import is_foreign as is_own_support
from keras_qlae.datasets.tfds_names import is_tfds
from keras_qlae.recipes.parts import import_object
from keras_qlae.recipes.protocol import Scoring


def name_of(dataset: str | FactorDataset) -> str:
    """The name of a data set as `config.json` holds it.

    That of a folder is its absolute path.
    """
    if isinstance(dataset, FactorDataset):
        return dataset.name
    return dataset if is_foreign(dataset) else resolve(dataset)


def load(dataset: str | FactorDataset, image_size: int) -> FactorDataset:
    """Loads a data set by name.

    Args:
        dataset: A name of `datasets.available()`, a folder of images, or
            `module:name` of a class or function of one's own, which is called
            with `image_size` if it takes that; a data set is returned as it
            is.
        image_size: Height and width, for data sets that have several sizes.

    Raises:
        ValueError: There is none of this name, or what was called returned
            something else.
    """
    if isinstance(dataset, FactorDataset):
        return dataset
    if not is_foreign(dataset):
        options = {}
        if "image_size" in options_of(dataset):
            options["image_size"] = image_size
        return datasets.load(dataset, **options)
    import inspect

    maker = import_object(dataset)
    takes_size = "image_size" in inspect.signature(maker).parameters
    data = maker(**({"image_size": image_size} if takes_size else {}))
    if not isinstance(data, FactorDataset):
        raise ValueError(
            f"`{dataset}` must make a `keras_qlae.datasets.FactorDataset`. "
            f"Received: {type(data).__name__}"
        )
    return data


def split(
    scoring: Scoring, data: FactorDataset, support: str = FULL
) -> tuple[FactorDataset, FactorDataset]:
    """What is trained on, and what is scored: at most a fifth, or it warns.

    The same for every seed, so that runs are scored on the same images.

    Args:
        scoring: Which images are scored.
        data: All images.
        support: Which combinations of factors are trained on, as of
            `Training`.

    Raises:
        ValueError: The support leaves too few images.
    """
    chosen = _resolved(support)
    choice, whence = len(data), f"`{data.name}`"
    if support != FULL and scoring.scored_support == "same":
        choice = int(np.count_nonzero(data.occurrences(chosen)))
        whence = f"`{data.name}` with the support {support}"
    num_scored = min(scoring.num_scored, choice // 5)
    if num_scored == 0:
        raise ValueError(
            "There must be at least 5 images, to train on and to score. "
            f"Received: {choice} images of {whence}"
        )
    if num_scored < scoring.num_scored:
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


def _resolved(support: str) -> Support:
    """A support, the function of an import path imported."""
    if is_own_support(support):
        function: Support = import_object(support)
        return function
    return support


def is_foreign(name: str) -> bool:
    """Whether a name is the import path of a data set of one's own."""
    return ":" in name and not (is_tfds(name) or Path(name).is_dir())


def folder_of(dataset: str | FactorDataset) -> str:
    """A data set's name, for the folder of its runs."""
    name = name_of(dataset)
    if is_tfds(name):
        return re.sub(r"[:/@,]", "-", name)
    return Path(name).name.replace(":", "-")
