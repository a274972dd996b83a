"""Mutual information as in older metrics: counted in equal-width bins."""

import numpy as np

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.labels import Labels
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.mutual_information import information_table


def binned_information(
    factors: list[Labels],
    latents: FloatArray | IntArray,
    is_discrete: bool,
    num_bins: int,
) -> FloatArray:
    """Computes mutual information of factors with latents from counts, in nats.

    Each value of a discrete latent `(num_samples, num_latents)` has its own
    bin. The result is `(num_factors, num_latents)`.
    """
    if not isinstance(num_bins, int | np.integer) or num_bins < 2:
        raise ValueError(
            "`num_bins` must be an integer of at least 2; 20 is usual. "
            f"Received: num_bins={num_bins!r}"
        )
    table = latents if is_discrete else _to_bins(latents, num_bins)
    return information_table(factors, columns_to_labels(table), 1, 0)


def _to_bins(latents: FloatArray | IntArray, num_bins: int) -> IntArray:
    columns = [
        np.digitize(
            column, np.linspace(column.min(), column.max(), num_bins + 1)[:-1]
        )
        if column.min() < column.max()
        else np.zeros(len(column), np.int64)
        for column in latents.astype(np.float64).T
    ]
    return np.stack(columns, axis=1)
