"""Mean and standard deviation of vectors."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from keras_qlae.datasets.factor_dataset import FactorDataset

_PART = 4096  # vectors at a time


class Moments(NamedTuple):
    """Mean and standard deviation of each value of vectors.

    Attributes:
        mean: The means.
        scale: The standard deviations; 1 for a value that does not vary.
    """

    mean: list[float]
    scale: list[float]


def moments_of(data: FactorDataset) -> Moments | None:
    """Computes means and standard deviations over a data set of vectors.

    For sequences they are also taken over all places; `None` for images.
    """
    if data.has_images:
        return None
    mean = sum(part.sum(axis=0) for part in _parts(data)) / _size(data)
    squares = sum(((part - mean) ** 2).sum(axis=0) for part in _parts(data))
    first = next(_parts(data))[0]
    varies = sum((part != first).any(axis=0) for part in _parts(data)) > 0
    # Where all numbers are equal, rounding may leave a small deviation.
    scale = np.where(varies, np.sqrt(squares / _size(data)), 1.0)
    return Moments(mean.tolist(), scale.tolist())


def _size(data: FactorDataset) -> int:
    """The number of vectors; of sequences those at all places."""
    return len(data) * math.prod(data.image_shape[:-1])


def _parts(data: FactorDataset) -> Iterator[np.ndarray]:
    """The vectors, some at a time: `(n, width)` in double precision."""
    for start in range(0, len(data), _PART):
        index = np.arange(start, min(start + _PART, len(data)))
        vectors = data.images(index).reshape(-1, data.image_shape[-1])
        yield vectors.astype(np.float64)
