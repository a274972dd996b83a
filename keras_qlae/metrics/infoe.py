"""InfoE: how well linear classifiers predict the factors from the latents."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_num_values
from keras_qlae.metrics.arrays import check_pair
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.features import Features
from keras_qlae.metrics.features import one_hot_features
from keras_qlae.metrics.features import whitened_features
from keras_qlae.metrics.labels import Labels
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.softmax_regression import balanced_cross_entropies
from keras_qlae.metrics.standardize import standardize
from keras_qlae.metrics.threads import own_threads


def infoe_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
) -> float:
    """Explicitness: how well a linear classifier predicts the factors.

    InfoE = mean over factors of (H0 - CE) / H0, where H0 = log(number of
    values) and CE is the cross-entropy of a multinomial logistic regression
    of the factor on all latents: one-hot if discrete, standardised if
    continuous. It is fitted without a penalty, with weights that make all
    values of the factor equally frequent, and scored unweighted on the samples
    of the fit. A factor with CE > H0 counts as 0. That is possible, because of
    the weights, if its values have very different frequencies.

    The fit runs until it converges. A perfect code has no best fit; its fit is
    stopped close to a score of 1.

    Args:
        factors: `(num_samples, num_factors)`, integers. Factors with a single
            value are left out with a warning.
        latents: `(num_samples, num_latents)`, finite.
        discrete: Whether the latents take few values. Defaults to `None`:
            true for integers, false for floats.

    Returns:
        Float in [0, 1]; higher is better. 0 if no factor varies.

    Example:
        >>> round(infoe_score([[0], [1], [2]] * 9, [[7], [2], [4]] * 9), 3)
        1.0

    Reference:
        "Disentanglement via Latent Quantization", NeurIPS 2023,
        arXiv 2305.18378, section on InfoMEC.
    """
    checked_factors, values, is_discrete = check_pair(
        factors, latents, discrete
    )
    check_num_values(checked_factors)
    varies = find_varying_factors(checked_factors)
    return explicitness(
        columns_to_labels(checked_factors[:, varies]),
        columns_to_labels(values) if is_discrete else values,
    )


def explicitness(
    factors: Sequence[Labels],
    latents: Sequence[Labels] | FloatArray | IntArray,
) -> float:
    """Computes `infoe_score` for factors that all vary."""
    if not factors:
        return 0.0
    factors = _in_canonical_order(factors)
    with own_threads() as executor:
        if isinstance(latents, np.ndarray):
            columns = standardize(latents.astype(np.float64)).T
            ordered = sorted(columns, key=lambda column: column.tobytes())
            features: Features = whitened_features(np.stack(ordered, axis=1))
        else:
            features = one_hot_features(_in_canonical_order(latents))
        cross_entropies = balanced_cross_entropies(features, factors, executor)
    maximum = np.log([factor.num_values for factor in factors])
    scores = (maximum - cross_entropies) / maximum
    return float(np.clip(scores, 0.0, 1.0).mean())


def _in_canonical_order(columns: Sequence[Labels]) -> list[Labels]:
    """Sorts columns in an order that depends on their contents only.

    If there is no best fit, or a flat optimum, rounding decides where the fit
    ends. It must not depend on the order of columns or the names of values.
    """
    return sorted(
        (column.renumbered() for column in columns),
        key=lambda column: column.index.tobytes(),
    )
