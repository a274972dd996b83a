"""Modularity of Ridgeway and Mozer."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import check_pair
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.binned_information import binned_information
from keras_qlae.metrics.labels import columns_to_labels


def modularity_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    *,
    num_bins: int = 20,
) -> float:
    """Does each latent have information on a single factor?

    The score is the mean over latents of 1 - sum of I(factor; latent)² over
    all factors but the best / (I(best; latent)² (S - 1)), with S factors. A
    latent with an estimated information of 0 counts as 0. The estimate for
    pure noise is small but not 0, so that the score by chance has no fixed
    value.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        discrete: As in `mig_score`.
        num_bins: As in `mig_score`.

    Returns:
        Float in [0, 1]; higher is better. With one factor, the share of
        latents with any information on it. Factors with a single value are
        left out with a warning; if none is left the score is 0.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> modularity_score(factors, [[5, 0], [5, 0], [3, 0], [3, 0]])
        0.5

    Raises:
        ValueError: If the arrays do not fit or `num_bins` is below 2.

    Reference:
        Ridgeway and Mozer, "Learning Deep Disentangled Embeddings with the
        F-Statistic Loss", NeurIPS 2018, arXiv 1802.05312.
    """
    sources, values, is_discrete = check_pair(factors, latents, discrete)
    labels = columns_to_labels(sources[:, find_varying_factors(sources)])
    if not labels:
        return 0.0
    information = binned_information(labels, values, is_discrete, num_bins)
    best = information.max(axis=0)
    share = information / np.where(best > 0, best, 1.0)
    rest = np.sum(share**2, axis=0) - 1
    scores = 1 - rest / max(len(labels) - 1, 1)
    return float(np.mean(np.where(best > 0, scores, 0.0)))
