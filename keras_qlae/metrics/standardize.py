"""Continuous latents on one scale."""

import numpy as np

from keras_qlae.metrics.arrays import FloatArray


def standardize(latents: FloatArray) -> FloatArray:
    """Shifts and scales each column to mean 0 and standard deviation 1.

    A constant column becomes exactly 0. Columns of any finite magnitude are
    handled without overflow.
    """
    largest = np.abs(latents).max(axis=0)
    scaled = latents / np.where(largest > 0, largest, 1.0)
    is_constant = scaled.min(axis=0) == scaled.max(axis=0)
    centered = scaled - scaled.mean(axis=0)
    deviation = np.sqrt(np.mean(centered**2, axis=0))
    unit: FloatArray = centered / np.where(is_constant, 1.0, deviation)
    return np.where(is_constant, 0.0, unit)
