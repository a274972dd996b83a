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
    """Can the factors be predicted linearly from all latents together?

    The score is the area under the ROC curve of a logistic regression that
    separates one value of a factor from the others, on the standardised
    latents, averaged over the values of a factor and over factors. It is
    fitted on three quarters of the samples and measured on the rest. Codes
    are treated as numbers.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        seed: For the choice of samples. `None`: the first three quarters.

    Returns:
        Float in [0, 1]; higher is better, 0.5 by chance. Factors with a
        single value are left out with a warning. Values that occur on one
        side of the split only are left out without a warning. If nothing is
        left the score is 0.5.

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
