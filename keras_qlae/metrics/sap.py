"""SAP: the gap between the two latents that predict a factor best."""

import warnings

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_num_values
from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.splitting import split_samples
from keras_qlae.metrics.standardize import standardize

_MAX_SIZE = 1e40  # more than float32 holds


def sap_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    *,
    method: str = "accuracy",
    seed: int | None = 0,
) -> float:
    """Separated attribute predictability: gap between the two best latents.

    The score is the mean over factors of the difference between the best and
    the second best score of a single latent. `"accuracy"` is the accuracy of
    a linear classifier (support vectors, C = 0.01, balanced classes) on the
    quarter of the samples it was not fitted on. It depends on the scale of
    the latents, since the classifier has a penalty. `"correlation"` is the
    squared correlation in the other three quarters; it treats factors as
    ordered numbers and does not depend on the scale. A linear classifier of
    one number cannot separate many values: a latent equal to its factor has
    an accuracy of 1 with up to four values, of 0.61 with five, 0.40 with
    eight.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        method: `"accuracy"` or `"correlation"`.
        seed: For the choice of samples. `None`: the first three quarters.

    Returns:
        Float in [0, 1]; higher is better, 0 by chance. With `"accuracy"` it
        is less than 1 for perfect latents too, since the second best latent
        can guess. With a single latent the second best score is 0. Factors
        with a single value are left out with a warning; if none is left the
        score is 0.

    Example:
        >>> factors = [[0], [1], [2]] * 4
        >>> latents = [[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]] * 4
        >>> round(sap_score(factors, latents, method="correlation"), 4)
        1.0

    Raises:
        ValueError: If the arrays do not fit, hold fewer than 2 samples, or
            the method is unknown, or for accuracy latents exceed 1e40.

    Reference:
        Kumar et al., "Variational Inference of Disentangled Latent Concepts
        from Unlabeled Observations", ICLR 2018, arXiv 1711.00848.
    """
    sources, table = check_numbers(factors, latents)
    if method not in ("accuracy", "correlation"):
        raise ValueError(
            '`method` must be "accuracy" or "correlation". '
            f"Received: method={method!r}"
        )
    if method == "accuracy":
        check_num_values(sources)
    if method == "accuracy" and np.abs(table).max() > _MAX_SIZE:
        raise ValueError(
            f"`latents` must not exceed {_MAX_SIZE:g}: the fit of the "
            'classifier would not end; method="correlation" takes any size. '
            f"Received: a value of size {np.abs(table).max():g}"
        )
    fit, test = split_samples(len(sources), seed)
    sources = sources[:, find_varying_factors(sources)]
    if sources.shape[1] == 0:
        return 0.0
    if method == "correlation":
        scores = _squared_correlations(sources[fit], table[fit])
    else:
        scores = np.array(
            [
                [
                    _accuracy(source, latent[:, None], fit, test)
                    for latent in table.T
                ]
                for source in sources.T
            ]
        )
    ranked = np.sort(np.pad(scores, ((0, 0), (1, 0))), axis=1)
    return float(np.mean(ranked[:, -1] - ranked[:, -2]))


def _squared_correlations(sources: IntArray, latents: FloatArray) -> FloatArray:
    products = standardize(sources.astype(np.float64)).T @ standardize(latents)
    return np.asarray((products / len(sources)) ** 2)


def _accuracy(
    source: IntArray, latent: FloatArray, fit: IntArray, test: IntArray
) -> float:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    if np.all(source[fit] == source[fit[0]]):
        return float(np.mean(source[test] == source[fit[0]]))
    model = LinearSVC(C=0.01, class_weight="balanced", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(latent[fit], source[fit])
    return float(model.score(latent[test], source[test]))
