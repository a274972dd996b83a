"""The images of a run: which are trained on, which are scored."""

import inspect
import os
import warnings
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_qlae import datasets
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.registry import is_path
from keras_qlae.datasets.registry import options_of
from keras_qlae.datasets.registry import resolve
from keras_qlae.recipes.parts import import_object
from keras_qlae.recipes.protocol import Scoring


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
    return name in known or is_path(name) or _is_foreign(name)


def name_of(dataset: str | FactorDataset) -> str:
    """The name of a data set as `config.json` holds it.

    That of a folder is its absolute path.
    """
    if isinstance(dataset, FactorDataset):
        return dataset.name
    return dataset if _is_foreign(dataset) else resolve(dataset)


def has_sizes(dataset: str | FactorDataset) -> bool:
    """Whether the images of a data set can be had in several sizes."""
    if isinstance(dataset, FactorDataset):
        return False
    if _is_foreign(dataset):
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
    if not _is_foreign(dataset):
        return datasets.load(dataset, **options)
    data = import_object(dataset)(**options)
    if not isinstance(data, FactorDataset):
        raise ValueError(
            f"`{dataset}` must make a `keras_qlae.datasets.FactorDataset`. "
            f"Received: {type(data).__name__}"
        )
    return data


def split(
    scoring: Scoring, data: FactorDataset
) -> tuple[FactorDataset, FactorDataset]:
    """What is trained on, and what is scored: at most a fifth, or it warns.

    The same for every seed, so that runs are scored on the same images.
    """
    num_scored = min(scoring.num_scored, len(data) // 5)
    if num_scored < scoring.num_scored:
        warnings.warn(
            f"{num_scored} images are scored in place of the "
            f"{scoring.num_scored} of `num_scored`: a fifth of the {len(data)} "
            f"images of `{data.name}`. Scores of fewer images vary more.",
            stacklevel=3,
        )
    return data.split(num_scored, seed=0, protocol=scoring.protocol)


def spread(size: int, count: int) -> Any:
    """Positions spread evenly over a data set."""
    return np.linspace(0, size - 1, min(size, count)).astype(int)


def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    return inspect.signature(function).parameters


def _is_foreign(name: str) -> bool:
    return ":" in name and not is_path(name)
