"""DCI: disentanglement, completeness, informativeness."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_num_values
from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.boosted_trees import Bins
from keras_qlae.metrics.boosted_trees import boost
from keras_qlae.metrics.boosted_trees import to_bins
from keras_qlae.metrics.labels import to_labels
from keras_qlae.metrics.splitting import split_samples


@dataclass(frozen=True, eq=False)
class DCIResult:
    """The three scores, in [0, 1]; higher is better.

    Attributes:
        disentanglement: Does each latent matter for a single factor?
        completeness: Does a single latent matter for each factor?
        informativeness: Accuracy of predicting the factors.
        importances: `(num_latents, num_factors)`. The column of each factor
            that can be predicted sums to 1; other columns are 0.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importances: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Returns plain numbers and lists, ready for `json.dump`."""
        return {
            "disentanglement": self.disentanglement,
            "completeness": self.completeness,
            "informativeness": self.informativeness,
            "importances": self.importances.tolist(),
        }


def dci_scores(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    *,
    seed: int | None = 0,
) -> DCIResult:
    """Scores how concentrated the importance of latents for factors is.

    The importance R[j, i] of latent j for factor i is that in gradient-boosted
    trees (scikit-learn's defaults, on latents of at most 255 bins) that
    predict the factor from all latents, fitted on three quarters of the
    samples. Disentanglement is D = sum_j rho_j (1 - H(R[j])), where H is the
    entropy to the base of the number of factors and rho_j the share of latent
    j in all importance. Completeness C is the same over factors, to the base
    of the number of latents. Informativeness I is the mean accuracy on the
    rest of the samples. Latents that split a factor equally well, such as
    copies, share its importance.

    Time grows with the number of samples, of latents, and of the values of
    all factors: 10,000 samples of 12 latents and 57 values take one core a few
    seconds.

    Args:
        factors: `(num_samples, num_factors)`, integers, of at most 1,000
            values each.
        latents: `(num_samples, num_latents)`, finite.
        seed: For the choice of samples. `None`: the first three quarters.

    Returns:
        A `DCIResult`. By chance D and C approach 0 with more samples, and I
        the share of a factor's most frequent value. Factors with a single
        value are left out with a warning, and have a column of 0. If no
        factor is left, all scores are 0. If all latents are constant, D and C
        are 0. With one factor D is 1, with one latent C is 1.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]] * 8
        >>> result = dci_scores(factors, factors)
        >>> round(result.disentanglement, 3), result.informativeness
        (1.0, 1.0)

    Raises:
        ValueError: If the arrays do not fit or hold fewer than 2 samples, or
            a factor has too many values.

    Reference:
        Eastwood and Williams, "A Framework for the Quantitative Evaluation
        of Disentangled Representations", ICLR 2018.
    """
    sources, table = check_numbers(factors, latents)
    check_num_values(sources)
    fit, test = split_samples(len(sources), seed)
    bins = to_bins(table[np.concatenate([fit, test])], len(fit))
    varies = find_varying_factors(sources)
    importances = np.zeros((table.shape[1], sources.shape[1]))
    accuracies = []
    for i in np.flatnonzero(varies):
        importances[:, i], predicted = _predict(sources[fit, i], bins)
        accuracies.append(np.mean(predicted == sources[test, i]))
    weights = importances[:, varies]
    return DCIResult(
        _concentration(weights),
        _concentration(weights.T),
        float(np.mean(accuracies)) if accuracies else 0.0,
        importances,
    )


def _predict(fitted: IntArray, bins: Bins) -> tuple[FloatArray, IntArray]:
    """Importance of each latent, and predictions for the other samples."""
    values = np.unique(fitted)
    if len(values) == 1:
        num_latents, num_samples = bins.shape
        return np.zeros(num_latents), values.repeat(num_samples - len(fitted))
    importances, predicted = boost(bins, to_labels(fitted))
    return importances, values[predicted]


def _concentration(weights: FloatArray) -> float:
    """Weighted mean of 1 - entropy of the rows; 1 for a single column."""
    total = weights.sum(axis=1)
    if total.sum() == 0:
        return 0.0
    if weights.shape[1] == 1:
        return 1.0
    share = weights / np.where(total > 0, total, 1.0)[:, None]
    logs = np.log(np.where(share > 0, share, 1.0))
    entropies = -(share * logs).sum(axis=1) / np.log(weights.shape[1])
    return float(np.clip((1 - entropies) @ total / total.sum(), 0.0, 1.0))
