"""Mutual information of every factor with every latent."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_pair
from keras_qlae.metrics.labels import Labels
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.labels import join
from keras_qlae.metrics.nearest_neighbors import nearest_neighbor_information

# Rounding error of an exact 0 after adding and subtracting a few entropies.
ROUNDING = 1e-13


def mutual_information(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    *,
    num_neighbors: int = 10,
    seed: int = 0,
) -> FloatArray:
    """Computes mutual information of every factor with every latent, in nats.

    For discrete latents it is computed from counts, H(factor) + H(latent) -
    H(both), which is exact for the empirical distribution. Continuous latents
    are standardised; the nearest-neighbour estimate of Ross (2014) is clipped
    to the possible range, [0, H(factor)]. Ties between continuous values are
    broken by a seeded jitter of 1e-10.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        discrete: Whether the latents take few values. Defaults to `None`:
            true for integers, false for floats.
        num_neighbors: Integer of at least 1; for continuous latents.
        seed: Integer; for the jitter of continuous latents.

    Returns:
        Array of shape `(num_factors, num_latents)` of values in
        [0, H(factor)]. The row of a factor with one value, and the column
        of a constant latent, are 0.

    Example:
        >>> factors = [[0], [0], [1], [1]]
        >>> latents = [[5, 0], [5, 1], [3, 0], [3, 1]]
        >>> mutual_information(factors, latents).round(4).tolist()
        [[0.6931, 0.0]]

    Reference:
        B. C. Ross, "Mutual Information between Discrete and Continuous Data
        Sets", PLoS ONE 9(2), 2014.
    """
    return _checked_table(factors, latents, discrete, num_neighbors, seed)[0]


def normalized_mutual_information(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    *,
    num_neighbors: int = 10,
    seed: int = 0,
) -> FloatArray:
    """Computes mutual information divided by the entropy of the factor.

    NMI[i, j] = I(factor i; latent j) / H(factor i).

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        discrete: As in `mutual_information`.
        num_neighbors: As in `mutual_information`.
        seed: As in `mutual_information`.

    Returns:
        Array of shape `(num_factors, num_latents)` of values in [0, 1]. The
        row of a factor with one value, and the column of a constant latent,
        are 0.

    Example:
        >>> factors = [[0, 2], [0, 3], [1, 2], [1, 3]]
        >>> latents = [[7, 0], [8, 0], [9, 0], [9, 0]]
        >>> nmi = normalized_mutual_information(factors, latents)
        >>> nmi.round(4).tolist()
        [[1.0, 0.0], [0.5, 0.0]]

    Reference:
        "Disentanglement via Latent Quantization", NeurIPS 2023,
        arXiv 2305.18378, section on InfoMEC.
    """
    return normalize_by_entropy(
        *_checked_table(factors, latents, discrete, num_neighbors, seed)
    )


def _checked_table(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None,
    num_neighbors: int,
    seed: int,
) -> tuple[FloatArray, list[Labels]]:
    """The table of information, and the labels of the factors."""
    sources, values, is_discrete = check_pair(
        factors, latents, discrete, stacklevel=4
    )
    check_num_neighbors(num_neighbors)
    labels = columns_to_labels(sources)
    columns = columns_to_labels(values) if is_discrete else values
    return information_table(labels, columns, num_neighbors, seed), labels


def information_table(
    factors: Sequence[Labels],
    latents: Sequence[Labels] | FloatArray | IntArray,
    num_neighbors: int,
    seed: int,
) -> FloatArray:
    """Computes `mutual_information`: labels are counted exactly."""
    entropies = np.array([entropy(factor.counts) for factor in factors])
    if isinstance(latents, np.ndarray):
        table = nearest_neighbor_information(
            factors, latents, num_neighbors, seed
        )
    else:
        table = np.array(
            [[_counted_information(f, z) for z in latents] for f in factors]
        )
    return np.clip(table, 0.0, entropies[:, None])


def normalize_by_entropy(
    table: FloatArray, factors: Sequence[Labels]
) -> FloatArray:
    """Divides each row by its factor's entropy; 0 where that is 0."""
    entropies = np.array([entropy(factor.counts) for factor in factors])
    divisor = np.where(entropies > 0, entropies, 1.0)
    return np.asarray(table / divisor[:, None])


def entropy(counts: IntArray) -> float:
    """Entropy in nats of the distribution with these positive counts."""
    total = counts.sum()
    # No -0.0, and exactly 0 for a single value.
    return abs(float(np.log(total) - counts @ np.log(counts) / total))


def check_num_neighbors(num_neighbors: int) -> None:
    """Raises unless `num_neighbors` is a positive integer."""
    if isinstance(num_neighbors, bool) or not isinstance(
        num_neighbors, int | np.integer
    ):
        raise TypeError(
            "`num_neighbors` must be an integer. "
            f"Received: num_neighbors={num_neighbors!r}"
        )
    if num_neighbors < 1:
        raise ValueError(
            "`num_neighbors` must be at least 1: the estimator measures the "
            "distance to that neighbour. The paper uses 10. "
            f"Received: num_neighbors={num_neighbors}"
        )


def _counted_information(factor: Labels, latent: Labels) -> float:
    if latent.num_values == 1:
        return 0.0
    joint = join([factor, latent], len(factor.index))
    shared = (
        entropy(factor.counts) + entropy(latent.counts) - entropy(joint.counts)
    )
    return shared if shared > ROUNDING else 0.0
