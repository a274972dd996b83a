"""Splits samples into those to fit on and those to test on."""

import numpy as np

from keras_qlae.metrics.arrays import IntArray

_FIT_FRACTION = 3 / 4


def split_samples(
    num_samples: int, seed: int | None
) -> tuple[IntArray, IntArray]:
    """Draws three quarters of the rows to fit on; the rest is for testing.

    Args:
        num_samples: Integer of at least 2.
        seed: For the draw. `None` takes the first rows.

    Returns:
        Two arrays of row numbers, neither of them empty.

    Raises:
        ValueError: If there are fewer than 2 samples.
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
