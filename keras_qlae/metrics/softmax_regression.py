"""Multinomial logistic regression of several targets on shared features."""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np

from keras_qlae.metrics.arrays import BoolArray
from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.features import Features
from keras_qlae.metrics.features import Float32Array
from keras_qlae.metrics.labels import Labels
from keras_qlae.metrics.lbfgs import minimize_blocks

# In nats: the decrease of the loss that is still possible when a fit stops.
# Scores are then exact to about 3e-5, with two fifths fewer evaluations than
# with 1e-7.
_TOLERANCE = 1e-6
# Separable classes have no best fit: the loss falls towards 0 without end.
_SMALL_LOSS = 1e-5
_MAX_ITERATIONS = 300
# Samples that a thread handles at a time. The parts do not depend on the
# number of threads, nor do the order of the sums and the result.
_PART_SIZE = 5000


def balanced_cross_entropies(
    features: Features, targets: Sequence[Labels], executor: Executor
) -> FloatArray:
    """Fits a classifier for each target; returns its cross-entropies, in nats.

    Every class has the same total weight in the fit, which has no penalty. The
    cross-entropy is unweighted, over the samples of the fit.
    """
    losses = _BalancedLosses(features, targets, executor)
    sizes = np.array([target.num_values for target in targets])
    coefficients = minimize_blocks(
        losses,
        np.zeros((sizes.sum(), features.num_features)),
        sizes,
        # At 0 every class has probability 1/size, and with whitened features
        # this is the inverse of the Hessian: the first step is Newton's.
        inverse_curvature=sizes.astype(np.float64),
        tolerance=_TOLERANCE,
        small_value=_SMALL_LOSS,
        max_iterations=_MAX_ITERATIONS,
    )
    return losses.unweighted(coefficients)


class _BalancedLosses:
    """Balanced cross-entropies and their gradients; one block per target."""

    def __init__(
        self,
        features: Features,
        targets: Sequence[Labels],
        executor: Executor,
    ) -> None:
        sizes = [target.num_values for target in targets]
        self._block = np.repeat(np.arange(len(targets)), sizes)
        self._num_samples = len(targets[0].index)
        self._executor = executor
        self._parts = [
            _Part(features, targets, slice(first, first + _PART_SIZE))
            for first in range(0, self._num_samples, _PART_SIZE)
        ]

    def __call__(
        self, coefficients: FloatArray, is_live: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """Losses and gradients; zeros for the targets that are not live."""
        rows = is_live[self._block]
        live = np.flatnonzero(is_live).tolist()
        live_coefficients = coefficients[rows].astype(np.float32)
        values = np.zeros(len(is_live))
        gradient = np.zeros_like(coefficients)
        for part_values, part_gradient in self._executor.map(
            lambda part: part.losses(live_coefficients, live), self._parts
        ):
            values[live] += part_values
            gradient[rows] += part_gradient
        return values, gradient

    def unweighted(self, coefficients: FloatArray) -> FloatArray:
        """Mean cross-entropy of each target."""
        sums = self._executor.map(
            lambda part: part.unweighted_sums(coefficients.astype(np.float32)),
            self._parts,
        )
        return np.asarray(np.sum(list(sums), axis=0) / self._num_samples)


class _Part:
    """The share of some of the samples in the losses of all targets."""

    def __init__(
        self, features: Features, targets: Sequence[Labels], samples: slice
    ) -> None:
        self._features = features.part(samples)
        self._sizes = [target.num_values for target in targets]
        self._index = [target.index[samples] for target in targets]
        self._weights = [
            (1 / (target.num_values * target.counts))[target.index[samples]]
            for target in targets
        ]
        self._samples = np.arange(len(self._index[0]))

    def losses(
        self, coefficients: Float32Array, live: Sequence[int]
    ) -> tuple[list[float], Float32Array]:
        """Balanced losses of the live targets, and the gradient."""
        scratch = self._features.logits(coefficients)
        values = []
        first = 0
        for i in live:
            logits = scratch[first : first + self._sizes[i]]
            first += self._sizes[i]
            loss, total = _exponentiate(logits, self._index[i], self._samples)
            values.append(float(self._weights[i] @ loss))
            # -> d loss / d logits, in place
            weights = self._weights[i].astype(np.float32)
            logits *= weights / total
            logits[self._index[i], self._samples] -= weights
        return values, self._features.gradient(scratch)

    def unweighted_sums(self, coefficients: Float32Array) -> list[float]:
        """Sum of the cross-entropies of each target."""
        edges = np.cumsum(self._sizes)[:-1]
        blocks = np.split(self._features.logits(coefficients), edges)
        losses = [
            _exponentiate(logits, index, self._samples)[0]
            for logits, index in zip(blocks, self._index, strict=True)
        ]
        return [float(loss.sum(dtype=np.float64)) for loss in losses]


def _exponentiate(
    logits: Float32Array, index: IntArray, samples: IntArray
) -> tuple[Float32Array, Float32Array]:
    """Replaces logits by their exponentials, up to a factor per sample.

    Returns:
        The cross-entropy of each sample, and the sum of its exponentials.
    """
    logits -= logits.max(axis=0)
    own = logits[index, samples]
    np.exp(logits, out=logits)
    total = logits.sum(axis=0)
    return np.log(total) - own, total
