"""A metric of your own.

A metric is a function that computes a number from two arrays: the factors,
integers of shape `(num_samples, num_factors)`, and the latents, `(num_samples,
num_latents)`, integers if they are discrete.

    keras-qlae train --metrics my_metric:used_latents
    keras-qlae evaluate RUN --metrics my_metric:used_latents --import my_metric

In training it is logged after every epoch as `val_used_latents`, so that a
search can maximize it: `--objective val_used_latents`.
"""

import numpy as np


def used_latents(factors: np.ndarray, latents: np.ndarray) -> float:
    """Share of the latents that have more than one value."""
    return float(np.mean(np.ptp(latents, axis=0) > 0))
