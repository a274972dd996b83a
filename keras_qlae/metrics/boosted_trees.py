"""Gradient-boosted trees on binned latents, all classes of a factor at once.

The trees are those of scikit-learn's `GradientBoostingClassifier` with its
defaults: 100 rounds, in each a tree of depth 3 for every class (one for two
classes), learning rate 0.1, splits by the decrease in squared error, one
Newton step in each leaf. A latent of up to 255 values has one bin per value,
which gives the same splits; others have 255 bins of equal counts (fewer, down
to 16, with more than 257 latents). Between equal splits scikit-learn chooses
at random; here they share the importance and the first one is used.

This is own code because no required library has it. In scikit-learn these
trees sort the samples at every node, which is more than ten times as slow;
its histogram trees have no importances and other splits.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.features import Float32Array
from keras_qlae.metrics.labels import Labels

_NUM_ROUNDS = 100
_LEARNING_RATE = 0.1
_DEPTH = 3
# Limits per latent, and for all latents together.
_MIN_BINS, _MAX_BINS, _TOTAL_BINS = 16, 255, 2**16
# A Newton step is unbounded where one sample contradicts a sure prediction.
_MAX_STEP = 1e6
# Splits whose gains differ by less, relative to the best, count as equal:
# gains are computed in float32.
_TIE = 1e-5
# Numbers in the largest arrays of a group of classes grown together.
_GROUP_SIZE = 2**22

Bins = npt.NDArray[np.uint8]


def to_bins(latents: FloatArray, num_fit: int) -> Bins:
    """Numbers the bins of each latent, cut on the first `num_fit` samples.

    From `(num_samples, num_latents)` to `(num_latents, num_samples)`, ascending
    with the latent.
    """
    num_bins = _TOTAL_BINS // latents.shape[1]
    num_bins = min(max(num_bins, _MIN_BINS), _MAX_BINS)
    return np.stack(
        [
            np.searchsorted(_cuts(column[:num_fit], num_bins), column)
            for column in np.ascontiguousarray(latents.T)
        ],
        dtype=np.uint8,
        casting="unsafe",
    )


def _cuts(column: FloatArray, num_bins: int) -> FloatArray:
    """The last value of every bin but the last."""
    values = np.unique(column)
    if len(values) <= num_bins:
        return np.asarray(values[:-1] / 2 + values[1:] / 2)
    shares = np.arange(1, num_bins) / num_bins
    return np.unique(np.quantile(column, shares, method="lower"))


def boost(bins: Bins, target: Labels) -> tuple[FloatArray, IntArray]:
    """Fits the trees to the first samples and predicts the others.

    Args:
        bins: `(num_latents, num_samples)`, of the samples of the fit, which
            `target` labels, and then of those to predict.
        target: Labels with at least two values.

    Returns:
        The importance of each latent, which is the decrease in squared error
        by its splits, with sum 1 (or all 0 if nothing can be split); and the
        predicted value of each of the other samples.
    """
    # Of equal splits the first is used, in an order of the latents that
    # depends on their values only.
    order = sorted(range(len(bins)), key=lambda j: bins[j].tobytes())
    bins = bins[order]
    num_fit, num_values = len(target.index), target.num_values
    is_binary = num_values == 2
    classes = np.arange(1 if is_binary else 0, num_values)
    is_class = target.index == classes[:, None]
    share = target.counts[classes] / num_fit
    start = np.log(share) - (np.log1p(-share) if is_binary else 0)
    scores = np.repeat(start.astype(np.float32)[:, None], bins.shape[1], axis=1)
    newton = _LEARNING_RATE * (1 if is_binary else 1 - 1 / num_values)
    histograms = _Histograms(bins[:, :num_fit])
    group = max(1, _GROUP_SIZE // (4 * max(bins.shape[1], histograms.size)))
    importances = np.zeros(len(bins))
    for _ in range(_NUM_ROUNDS):
        chances = _probabilities(scores[:, :num_fit])
        residuals = is_class - chances
        for first in range(0, len(classes), group):
            some = slice(first, first + group)
            leaf, gains = _grow(bins, histograms, residuals[some])
            importances[order] += gains
            values = newton * _leaf_values(
                leaf[:, :num_fit], residuals[some], chances[some]
            )
            scores[some] += values[leaf]
    total = importances.sum()
    chosen = scores[:, num_fit:]
    predicted = chosen[0] >= 0 if is_binary else chosen.argmax(axis=0)
    return (
        importances / (total if total > 0 else 1.0),
        predicted.astype(np.int64),
    )


def _probabilities(scores: Float32Array) -> Float32Array:
    from scipy.special import expit
    from scipy.special import softmax

    is_binary = len(scores) == 1
    return np.asarray(expit(scores) if is_binary else softmax(scores, axis=0))


class _Histograms:
    """Sums over the samples in each bin of each latent."""

    def __init__(self, bins: Bins) -> None:
        from scipy import sparse

        num_latents, num_samples = bins.shape
        self._shape = num_latents, int(bins.max()) + 1
        self.size = num_latents * self._shape[1]
        rows = bins + self._shape[1] * np.arange(num_latents)[:, None]
        self._one_hot = sparse.csc_array(
            (
                np.ones(rows.size, np.float32),
                rows.T.ravel(),
                np.arange(num_samples + 1) * num_latents,
            ),
            shape=(self.size, num_samples),
        ).tocsr()

    def __call__(self, values: Float32Array) -> Float32Array:
        """`(rows, num_samples)` -> `(num_latents, num_bins, rows)`."""
        sums = self._one_hot @ np.ascontiguousarray(values.T)
        return np.asarray(sums.reshape(*self._shape, len(values)))


def _grow(
    bins: Bins, histograms: _Histograms, residuals: Float32Array
) -> tuple[IntArray, FloatArray]:
    """Grows a tree for each row of residuals.

    Returns:
        The leaf of each sample in each tree, `(num_trees, num_samples)`,
        numbered through all trees, and the importance of each latent.
    """
    num_trees, num_fit = residuals.shape
    leaf = np.zeros((num_trees, bins.shape[1]), np.uint8)
    importances = np.zeros(len(bins))
    # Nodes of a level come first in all shapes: (nodes, trees, samples).
    is_inside = np.ones((1, *leaf.shape), np.bool_)
    sums = histograms(residuals)[..., None, :]
    counts = histograms(np.ones((1, num_fit), np.float32))[..., None, :]
    counts = np.broadcast_to(counts, sums.shape)
    for level in range(_DEPTH):
        latent, last_bin, gains = _best_splits(sums, counts)
        importances += gains
        is_right = is_inside & (bins[latent] > last_bin[..., None])
        leaf = 2 * leaf + is_right.any(axis=0)
        if level == _DEPTH - 1:
            break
        is_left = is_inside & ~is_right
        is_inside = _interleave(is_left, is_right, axis=0)
        left = is_left[..., :num_fit]
        both = histograms(
            np.concatenate([left * residuals, left]).reshape(-1, num_fit)
        ).reshape(*sums.shape[:2], 2, *sums.shape[2:])
        sums, counts = (
            _interleave(part, whole - part, axis=2)
            for part, whole in zip(
                (both[:, :, 0], both[:, :, 1]), (sums, counts), strict=True
            )
        )
    return leaf + 2**_DEPTH * np.arange(num_trees)[:, None], importances


def _best_splits(
    sums: Float32Array, counts: Float32Array
) -> tuple[IntArray, Bins, FloatArray]:
    """Finds the split of each node that most decreases the squared error.

    Sums of residuals, and counts of samples, are `(num_latents, num_bins,
    nodes, trees)`. Returns the latent and the last bin on the left, `(nodes,
    trees)`, and the decrease that each latent is credited with.
    """
    left, num_left = sums.cumsum(axis=1), counts.cumsum(axis=1)
    right, num_right = left[:, -1:] - left, num_left[:, -1:] - num_left
    product = num_left * num_right
    gains = (left * num_right - right * num_left) ** 2
    gains /= np.maximum(product, 1) * num_left[:, -1:].clip(1)
    gains[product == 0] = -1.0
    last_bin = gains.argmax(axis=1)
    by_latent = gains.max(axis=1)
    latent = by_latent.argmax(axis=0)
    best = by_latent.max(axis=0)
    is_best = by_latent >= best - _TIE * np.abs(best)
    credit = is_best * (best.clip(0) / is_best.sum(axis=0))
    return (
        latent,
        # If nothing can be split, all samples go left.
        np.where(
            best < 0,
            _MAX_BINS,
            np.take_along_axis(last_bin, latent[None], axis=0)[0],
        ).astype(np.uint8),
        credit.sum(axis=(1, 2), dtype=np.float64),
    )


def _leaf_values(
    leaf: IntArray, residuals: Float32Array, chances: Float32Array
) -> Float32Array:
    """Newton steps of the cross-entropy, `(num_leaves of all trees,)`."""
    slope, curvature = (
        np.bincount(leaf.ravel(), values.ravel(), 2**_DEPTH * len(leaf))
        for values in (residuals, chances * (1 - chances))
    )
    steps = np.zeros_like(slope)
    np.divide(slope, curvature, out=steps, where=curvature > 0)
    return steps.clip(-_MAX_STEP, _MAX_STEP).astype(np.float32)


def _interleave(
    first: npt.NDArray[np.generic], second: npt.NDArray[np.generic], axis: int
) -> npt.NDArray[Any]:
    """Puts the children of each node side by side on the axis of nodes."""
    both = np.stack([first, second], axis=axis + 1)
    shape = list(first.shape)
    shape[axis] *= 2
    return both.reshape(shape)
