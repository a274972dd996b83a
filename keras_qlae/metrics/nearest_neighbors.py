"""Mutual information of labels and a real number, by nearest neighbours."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import BoolArray
from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.labels import Labels
from keras_qlae.metrics.standardize import standardize

# Breaks ties, as Kraskov et al. (2004) advise; far below any real distance.
_JITTER = 1e-10
_EULER_MASCHERONI = 0.57721566490153286


def nearest_neighbor_information(
    factors: Sequence[Labels],
    latents: FloatArray | IntArray,
    num_neighbors: int,
    seed: int,
) -> FloatArray:
    """Estimates the information of every factor with every latent, in nats.

    The estimator of Ross (2014). Among the `N` samples whose label is not
    unique, sample `t` has `n_t` samples of its label (itself included), the
    distance `r_t` to the `k_t`-th nearest of the others, with `k_t =
    min(num_neighbors, n_t - 1)`, and `m_t` samples of any label closer than
    `r_t` (itself included). With the digamma function psi

    I = psi(N) + mean psi(k_t) - mean psi(n_t) - mean psi(m_t).

    Neighbours of a scalar are adjacent after sorting, so that one sort per
    latent replaces the search trees that more dimensions would need.

    Args:
        factors: The labels of each factor.
        latents: `(num_samples, num_latents)`, finite; standardised here.
        num_neighbors: Positive integer.
        seed: Seed of the jitter. Every latent gets the same jitter, so that
            the order of the latents does not matter.

    Returns:
        Array of shape `(num_factors, num_latents)`; estimates may be
        slightly negative. The column of a constant latent is 0.

    Reference:
        B. C. Ross, "Mutual Information between Discrete and Continuous Data
        Sets", PLoS ONE 9(2), 2014.
    """
    num_samples = len(latents)
    jitter = np.random.default_rng(seed).standard_normal(num_samples)
    digamma = _digamma_table(num_samples)
    table = np.zeros((len(factors), latents.shape[1]))
    for j, column in enumerate(standardize(latents.astype(np.float64)).T):
        if not column.any():
            continue
        noisy = column + _JITTER * jitter
        order = np.argsort(noisy)
        for i, factor in enumerate(factors):
            # Narrow labels: NumPy sorts those of up to 16 bits by counting.
            narrow = np.min_scalar_type(factor.num_values)
            table[i, j] = _ross_estimate(
                noisy[order],
                factor.index[order].astype(narrow),
                factor.counts,
                num_neighbors,
                digamma,
            )
    return table


def _ross_estimate(
    values: FloatArray,
    labels: npt.NDArray[np.integer],
    counts: IntArray,
    num_neighbors: int,
    digamma: FloatArray,
) -> float:
    """The estimate for ascending `values`."""
    if counts.min() == 1:
        is_kept = counts[labels] > 1
        values, labels = values[is_kept], labels[is_kept]
        counts = np.where(counts > 1, counts, 0)
    if len(values) == 0:
        return 0.0
    # -> samples of a label adjacent, ascending within each label
    grouped = values[np.argsort(labels, kind="stable")]
    num_same = np.repeat(counts, counts)
    radius = _neighbor_distance(grouped, counts, num_neighbors)
    num_closer = _count_closer(values, grouped, radius)
    return float(
        digamma[len(values)]
        + digamma[np.minimum(num_neighbors, num_same - 1)].mean()
        - digamma[num_same].mean()
        - digamma[num_closer].mean()
    )


def _neighbor_distance(
    grouped: FloatArray, counts: IntArray, num_neighbors: int
) -> FloatArray:
    """Distance to the `num_neighbors`-th nearest value of the same group.

    A value and its k nearest are k + 1 adjacent values, so the distance is
    the least, over the k + 1 such windows that hold the value, of the
    larger distance to the window's two ends.
    """
    stop = np.cumsum(counts)
    start = stop - counts
    # In a group with too few neighbours the farthest one counts.
    radius: FloatArray = np.maximum(
        grouped - np.repeat(grouped[start % len(grouped)], counts),
        np.repeat(grouped[stop - 1], counts) - grouped,
    )
    num_windows = len(grouped) - num_neighbors
    if num_windows <= 0:
        return radius
    group = np.repeat(np.arange(len(counts)), counts)
    is_whole = group[:num_windows] == group[num_neighbors:]
    low = np.where(is_whole, grouped[:num_windows], -np.inf)
    high = np.where(is_whole, grouped[num_neighbors:], np.inf)
    for shift in range(num_neighbors + 1):
        inside = slice(shift, shift + num_windows)
        reach = np.maximum(grouped[inside] - low, high - grouped[inside])
        np.minimum(radius[inside], reach, out=radius[inside])
    return radius


def _count_closer(
    values: FloatArray, centers: FloatArray, radius: FloatArray
) -> IntArray:
    """Number of ascending `values` closer to each center than its radius."""
    # `center - radius` is rounded. If that moved the edge by one, the exact
    # distance, from which `radius` was computed, decides.
    padded = np.concatenate([[-np.inf], values, [np.inf]])
    first = np.searchsorted(values, centers - radius, side="right")
    first -= _is_closer(padded[first], centers, radius)
    first += ~_is_closer(padded[first + 1], centers, radius)
    stop = np.searchsorted(values, centers + radius, side="left")
    stop += _is_closer(padded[stop + 1], centers, radius)
    stop -= ~_is_closer(padded[stop], centers, radius)
    # A radius of 0 (an exact tie) leaves out the center itself.
    return np.asarray(np.maximum(stop - first, 1))


def _is_closer(
    values: FloatArray, centers: FloatArray, radius: FloatArray
) -> BoolArray:
    return np.asarray(np.abs(values - centers) < radius)


def _digamma_table(largest: int) -> FloatArray:
    """The digamma function at 1, ..., `largest`; -inf at 0."""
    harmonic = np.cumsum(1.0 / np.arange(1, largest + 1))
    return np.concatenate([[-np.inf], [0.0], harmonic[:-1]]) - _EULER_MASCHERONI
