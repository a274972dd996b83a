"""MCC: the correlation of each factor with the latent matched to it."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.arrays import warn_of_categories
from keras_qlae.metrics.standardize import standardize


def mcc_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    *,
    correlation: str = "pearson",
) -> float:
    """Mean correlation coefficient: is each factor a latent, up to scale?

    The score is the mean over factors of the absolute correlation with the
    latent matched to it. Each latent is matched to at most one factor, so
    that the mean is highest (Hungarian algorithm). Latents that are not
    matched, such as second copies of a factor, do not count. A factor without
    a latent, if there are too few, counts as 0. Factors and codes are treated
    as ordered numbers.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        correlation: `"pearson"`, or `"spearman"`: of the ranks, so that any
            increasing function of a latent scores the same.

    Returns:
        Float in [0, 1]; higher is better. By chance it approaches 0 with more
        samples. Factors with a single value are left out with a warning; if
        none is left the score is 0. The correlation of a constant latent is 0.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> round(mcc_score(factors, [[3, 9], [5, 9], [3, 7], [5, 7]]), 6)
        1.0

    Raises:
        ValueError: If the arrays do not fit or the correlation is unknown.

    Reference:
        Hyvärinen and Morioka, "Unsupervised Feature Extraction by
        Time-Contrastive Learning and Nonlinear ICA", NeurIPS 2016,
        arXiv 1605.06336.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.stats import rankdata

    warn_of_categories(factors)
    sources, values = check_numbers(factors, latents)
    if correlation not in ("pearson", "spearman"):
        raise ValueError(
            '`correlation` must be "pearson" or "spearman". '
            f"Received: correlation={correlation!r}"
        )
    numbers = sources[:, find_varying_factors(sources)].astype(np.float64)
    if numbers.shape[1] == 0:
        return 0.0
    if correlation == "spearman":
        numbers, values = rankdata(numbers, axis=0), rankdata(values, axis=0)
    table = _absolute_correlations(numbers, values)
    matched = table[linear_sum_assignment(table, maximize=True)]
    return float(np.clip(matched.sum() / len(table), 0.0, 1.0))


def _absolute_correlations(
    factors: FloatArray, latents: FloatArray
) -> FloatArray:
    products = standardize(factors).T @ standardize(latents)
    return np.asarray(np.abs(products) / len(factors))
