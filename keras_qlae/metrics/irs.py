"""IRS: how little a latent changes when other factors change."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.labels import to_labels

_QUANTILE = 0.99


def irs_score(factors: npt.ArrayLike, latents: npt.ArrayLike) -> float:
    """Interventional robustness: does each latent follow a single factor?

    For each value of a factor, take the 0.99 quantile of a latent's deviation
    from its mean. The average over the factor's values, divided by the
    largest deviation from the overall mean, is the share of the latent's
    change that the factor does not cause. The score of a latent is 1 minus
    the smallest share. Latents are weighted by their largest deviation: a
    constant latent does not count, and the relative scale of latents matters.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.

    Returns:
        Float in [0, 1]; higher is better. It is not 0 by chance, since the
        deviation for each value is a quantile and the overall one a maximum.
        Factors with a single value are left out with a warning. If none is
        left, or all latents are constant, the score is 0.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> irs_score(factors, [[5.0], [5.0], [3.0], [3.0]])
        1.0

    Raises:
        ValueError: If the arrays do not fit.

    Reference:
        Suter et al., "Robustly Disentangled Causal Mechanisms", ICML 2019,
        arXiv 1811.00007.
    """
    sources, table = check_numbers(factors, latents)
    sources = sources[:, find_varying_factors(sources)]
    # Differences of the largest floats would overflow.
    table = table / max(np.abs(table).max(), np.finfo(float).tiny)
    table = table[:, table.min(axis=0) < table.max(axis=0)]
    if 0 in sources.shape or 0 in table.shape:
        return 0.0
    largest = np.abs(table - table.mean(axis=0)).max(axis=0)
    deviations = np.array(
        [
            np.mean(
                [
                    np.quantile(
                        np.abs(table[group] - table[group].mean(axis=0)),
                        _QUANTILE,
                        axis=0,
                    )
                    for group in to_labels(source).groups()
                ],
                axis=0,
            )
            for source in sources.T
        ]
    )
    scores = 1 - deviations.min(axis=0) / largest
    return float(np.clip(np.average(scores, weights=largest), 0.0, 1.0))
