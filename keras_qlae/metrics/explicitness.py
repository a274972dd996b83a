"""Explicitness of Ridgeway and Mozer."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_num_values
from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.splitting import split_samples
from keras_qlae.metrics.standardize import standardize


def explicitness_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    *,
    seed: int | None = 0,
) -> float:
    """Can the factors be read linearly from all latents together?

    Mean over factors, and over the values of a factor, of the area under the
    ROC curve of telling that value from the others with a logistic
    regression on the standardised latents. Fitted on three quarters of the
    samples, measured on the rest. Latents count as numbers, also when they
    are codes.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        seed: Of the choice of samples. `None`: the first three quarters.

    Returns:
        Float in [0, 1]; higher is better, 0.5 by chance. Factors of a single
        value are left out with a warning, values seen on one side of the
        split alone without; with nothing left the score is 0.5.

    Example:
        >>> explicitness_score([[0], [1]] * 20, [[-1.0], [1.0]] * 20)
        1.0

    Raises:
        ValueError: If the arrays do not fit or hold fewer than 2 samples.

    Reference:
        Ridgeway and Mozer, "Learning Deep Disentangled Embeddings with the
        F-Statistic Loss", NeurIPS 2018, arXiv 1802.05312.
    """
    sources, values = check_numbers(factors, latents)
    check_num_values(sources)
    fit, test = split_samples(len(sources), seed)
    table = standardize(values)
    areas = [
        area
        for source in sources[:, find_varying_factors(sources)].T
        if (area := _mean_area(source, table, fit, test)) is not None
    ]
    return float(np.mean(areas)) if areas else 0.5


def _mean_area(
    source: IntArray, latents: FloatArray, fit: IntArray, test: IntArray
) -> float | None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    if np.all(source[fit] == source[fit[0]]):
        return None
    model = LogisticRegression(max_iter=1000).fit(latents[fit], source[fit])
    chances = model.predict_proba(latents[test])
    areas = [
        roc_auc_score(source[test] == value, chances[:, i])
        for i, value in enumerate(model.classes_)
        if 0 < np.count_nonzero(source[test] == value) < len(test)
    ]
    return float(np.mean(areas)) if areas else None
