"""R²: the share of the factors' variance that a linear map explains."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.arrays import warn_of_categories
from keras_qlae.metrics.splitting import split_samples
from keras_qlae.metrics.standardize import standardize


def linear_r2_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    *,
    seed: int | None = 0,
) -> float:
    """Can the factors be computed linearly from all latents together?

    The score is the mean over factors of R² = 1 - sum of squared errors / sum
    of squared deviations from the mean, for least squares with an intercept
    on all latents. It is fitted on three quarters of the samples and measured
    on the rest. A negative R², worse than the mean, counts as 0. Factors and
    codes are treated as ordered numbers.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        seed: For the choice of samples. `None`: the first three quarters.

    Returns:
        Float in [0, 1]; higher is better, 0 by chance. Factors with a single
        value are left out with a warning. Factors with a single value in the
        measured quarter are left out without a warning. If none is left the
        score is 0.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]] * 5
        >>> latents = [[a + b, a - b] for a, b in factors]
        >>> round(linear_r2_score(factors, latents), 6)
        1.0

    Raises:
        ValueError: If the arrays do not fit or hold fewer than 2 samples.

    Reference:
        Khemakhem et al., "Variational Autoencoders and Nonlinear ICA: A
        Unifying Framework", AISTATS 2020, arXiv 1907.04809. It introduces
        matched correlations, with which later work reports R².
    """
    warn_of_categories(factors)
    sources, values = check_numbers(factors, latents)
    fit, test = split_samples(len(sources), seed)
    numbers = standardize(
        sources[:, find_varying_factors(sources)].astype(np.float64)
    )
    table = np.pad(standardize(values), ((0, 0), (0, 1)), constant_values=1.0)
    wanted = numbers[test] - numbers[test].mean(axis=0)
    total = np.sum(wanted**2, axis=0)
    is_measured = np.ptp(numbers[test], axis=0) > 0
    if not is_measured.any():
        return 0.0
    weights = np.linalg.lstsq(table[fit], numbers[fit], rcond=None)[0]
    errors = np.sum((numbers[test] - table[test] @ weights) ** 2, axis=0)
    scores = 1 - errors[is_measured] / total[is_measured]
    return float(np.clip(scores, 0.0, 1.0).mean())
