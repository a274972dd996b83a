"""IRS: how little a latent moves when other factors do."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.labels import to_labels

_QUANTILE = 0.99


def irs_score(factors: npt.ArrayLike, latents: npt.ArrayLike) -> float:
    """Interventional robustness: does each latent follow a single factor?

    While a factor is held at a value, a latent deviates from its mean by so
    much (0.99 quantile). Averaged over the factor's values and divided by
    the largest deviation from the overall mean, that is the share of the
    latent's movement which the factor does not cause. A latent scores 1 less
    the smallest share; latents are weighted by their largest deviation, so
    that a constant one does not count, and the scale of one against another
    matters.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.

    Returns:
        Float in [0, 1]; higher is better. Chance is not 0: the deviation
        within groups is a quantile, that overall a maximum. Factors of a
        single value are left out with a warning. With none left, or with
        constant latents only, the score is 0.

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
