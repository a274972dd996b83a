"""Mean and standard deviation of vectors."""

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
    """Computes means and standard deviations over a data set.

    For sequences they are also taken over all places.

    Returns:
        `None` for images.
    """
    if data.has_images:
        return None
    width = data.image_shape[-1]
    starts = range(0, len(data), _PART)

    def part(start: int) -> np.ndarray:
        index = np.arange(start, min(start + _PART, len(data)))
        vectors = data.images(index).reshape(-1, width)
        return np.asarray(vectors, np.float64)

    sizes = [len(part(start)) for start in starts]
    mean = sum(part(start).sum(axis=0) for start in starts) / sum(sizes)
    spread = [((part(start) - mean) ** 2).sum(axis=0) for start in starts]
    scale = np.sqrt(sum(spread) / sum(sizes))
    low = np.min([part(start).min(axis=0) for start in starts], axis=0)
    high = np.max([part(start).max(axis=0) for start in starts], axis=0)
    # The spread of equal numbers is a rounding error.
    scale = np.where((low == high) | (scale == 0), 1.0, scale)
    return Moments(mean.tolist(), scale.tolist())
