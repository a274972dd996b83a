"""MIG: the gap between the two latents with most information on a factor."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import check_pair
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.binned_information import binned_information
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.mutual_information import normalize_by_entropy


def mig_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    *,
    num_bins: int = 20,
) -> float:
    """Mutual information gap: is the information on a factor in one latent?

    MIG = mean over factors of (largest - second largest I(factor; latent))
    / H(factor). With a single latent the second largest is 0.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        discrete: Whether each value of a latent is a bin. Defaults to `None`:
            true for integers, false for floats.
        num_bins: Number of equal-width bins of a continuous latent.

    Returns:
        Float in [0, 1]; higher is better, 0 by chance. Factors with a single
        value are left out with a warning; if none is left the score is 0.

    Example:
        >>> mig_score([[0], [0], [1], [1]], [[5, 0], [5, 1], [3, 0], [3, 1]])
        1.0

    Raises:
        ValueError: If the arrays do not fit or `num_bins` is below 2.

    Reference:
        Chen et al., "Isolating Sources of Disentanglement in VAEs", NeurIPS
        2018, arXiv 1802.04942.
    """
    sources, values, is_discrete = check_pair(factors, latents, discrete)
    labels = columns_to_labels(sources[:, find_varying_factors(sources)])
    if not labels:
        return 0.0
    nmi = normalize_by_entropy(
        binned_information(labels, values, is_discrete, num_bins), labels
    )
    ranked = np.sort(np.pad(nmi, ((0, 0), (1, 0))), axis=1)
    return float(np.mean(ranked[:, -1] - ranked[:, -2]))
