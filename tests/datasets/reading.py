"""Factors of pictures, read by comparing them with all pictures."""

import numpy as np


def read(reference, pictures, at_once=4800):
    """Factors of the nearest picture of a data set.

    Args:
        reference: The data set.
        pictures: `(n, height, width, channels)`, 0 to 255.
        at_once: How many of `reference` are drawn at a time.

    Returns:
        `(n, num_factors)`.
    """
    wanted = pictures.reshape(len(pictures), -1).astype(np.float32)
    best = np.full(len(wanted), np.inf, np.float32)
    nearest = np.zeros(len(wanted), np.int64)
    for start in range(0, len(reference), at_once):
        index = np.arange(start, min(start + at_once, len(reference)))
        drawn = reference.images(index).reshape(len(index), -1)
        drawn = drawn.astype(np.float32)
        distance = (drawn**2).sum(1) - 2 * wanted @ drawn.T
        first = distance.argmin(axis=1)
        value = np.take_along_axis(distance, first[:, None], axis=1)[:, 0]
        closer = value < best
        best[closer] = value[closer]
        nearest[closer] = index[first[closer]]
    return reference.factors(nearest)
