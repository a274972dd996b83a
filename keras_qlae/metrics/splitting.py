"""Splits samples into those to fit on and those to test on."""

import numpy as np

from keras_qlae.metrics.arrays import IntArray

_FIT_FRACTION = 3 / 4


def split_samples(
    num_samples: int, seed: int | None
) -> tuple[IntArray, IntArray]:
    """Draws three quarters of the rows to fit on; the rest is for testing.

    With `seed=None` it takes the first rows. Neither part is empty.
    """
    if num_samples < 2:
        raise ValueError(
            "This score fits on some samples and tests on others: pass at "
            f"least 2, ideally thousands. Received: {num_samples} sample"
        )
    order = np.arange(num_samples)
    if seed is not None:
        order = np.random.default_rng(seed).permutation(num_samples)
    num_fit = min(max(round(num_samples * _FIT_FRACTION), 1), num_samples - 1)
    return order[:num_fit], order[num_fit:]
