"""Latents as whitened features of a linear classifier.

A quasi-Newton method needs a third of the iterations if the features are
uncorrelated and have one scale. That changes neither the functions that a
linear model can express nor, without a penalty, the best of them.
"""

from collections.abc import Sequence
from typing import Any
from typing import Protocol
from typing import Self

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.labels import Labels

Float32Array = npt.NDArray[np.float32]

# Whitening costs the cube of the number of features; beyond this, scaling.
_MAX_WHITENED = 512
# Directions with less variance than this, relative to the largest, are
# linear dependences between features up to rounding.
_RANK_TOLERANCE = 1e-10


class Features(Protocol):
    """A `(num_features, num_samples)` matrix that may not be stored as such.

    Products are in float32, which is twice as fast and changes the scores by
    about 1e-6 only.
    """

    num_features: int

    def part(self, samples: slice) -> Self:
        """The features of some of the samples."""
        ...

    def logits(self, coefficients: Float32Array) -> Float32Array:
        """`(rows, num_features)` times the matrix -> `(rows, samples)`."""
        ...

    def gradient(self, residuals: Float32Array) -> Float32Array:
        """`(rows, samples)` times the transposed matrix."""
        ...


class DenseFeatures:
    """A matrix of shape `(num_features, num_samples)`."""

    def __init__(self, matrix: Float32Array) -> None:
        self._matrix = matrix
        self.num_features = len(matrix)

    def part(self, samples: slice) -> Self:
        return type(self)(self._matrix[:, samples])

    def logits(self, coefficients: Float32Array) -> Float32Array:
        return coefficients @ self._matrix

    def gradient(self, residuals: Float32Array) -> Float32Array:
        return residuals @ self._matrix.T


class SparseFeatures:
    """A `scipy.sparse.csr_array` of shape `(num_samples, num_features)`."""

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix
        self.num_features = int(matrix.shape[1])

    def part(self, samples: slice) -> Self:
        return type(self)(self._matrix[samples])

    def logits(self, coefficients: Float32Array) -> Float32Array:
        product = self._matrix @ np.ascontiguousarray(coefficients.T)
        return np.ascontiguousarray(product.T)

    def gradient(self, residuals: Float32Array) -> Float32Array:
        product = self._matrix.T @ np.ascontiguousarray(residuals.T)
        return np.asarray(product.T)


def one_hot_features(codes: Sequence[Labels]) -> Features:
    """One feature for each value of each discrete latent."""
    codes = [code for code in codes if code.num_values > 1] or codes[:1]
    if sum(code.num_values for code in codes) > _MAX_WHITENED:
        return _scaled_one_hot(codes)
    columns = [
        code.index[:, None] == np.arange(code.num_values) for code in codes
    ]
    # Their products are exact in float32: counts below 2**24.
    return whitened_features(np.concatenate(columns, axis=1, dtype=np.float32))


def whitened_features(columns: npt.NDArray[Any]) -> DenseFeatures:
    """Makes columns uncorrelated, of mean 0 and variance 1; appends a 1."""
    if len(columns) < columns.shape[1]:
        columns = _turn(columns)
    mean = columns.mean(axis=0, dtype=np.float64)
    second_moment = np.asarray(columns.T @ columns, dtype=np.float64)
    covariance = second_moment / len(columns) - np.outer(mean, mean)
    whitening = _inverse_root(covariance).astype(columns.dtype)
    matrix = np.asarray(whitening @ columns.T)
    matrix -= (whitening @ mean.astype(columns.dtype))[:, None]
    constant = np.ones((1, len(columns)))
    return DenseFeatures(np.concatenate([matrix, constant], dtype=np.float32))


def _turn(columns: FloatArray) -> FloatArray:
    """Rotates to as many columns as samples, with the same span."""
    triangle: FloatArray = np.linalg.qr(columns.T)[1]
    return triangle.T


def _inverse_root(covariance: FloatArray) -> FloatArray:
    """A matrix whose rows whiten data with this covariance."""
    variances, directions = np.linalg.eigh(covariance)
    is_kept = variances > _RANK_TOLERANCE * max(variances[-1], 1e-300)
    return np.asarray(
        directions[:, is_kept].T / np.sqrt(variances[is_kept])[:, None]
    )


def _scaled_one_hot(codes: Sequence[Labels]) -> SparseFeatures:
    """One-hot columns of second moment 1.

    Those of one latent are uncorrelated already, and a constant is among
    their combinations.
    """
    from scipy import sparse

    counts = np.concatenate([code.counts for code in codes])
    sizes = [code.num_values for code in codes]
    offsets = np.cumsum([0, *sizes[:-1]])
    columns = np.stack([code.index for code in codes], axis=1) + offsets
    num_samples = len(columns)
    scale = np.sqrt(num_samples / counts).astype(np.float32)
    row_starts = np.arange(num_samples + 1) * len(codes)
    return SparseFeatures(
        sparse.csr_array(
            (scale[columns.ravel()], columns.ravel(), row_starts),
            shape=(num_samples, len(counts)),
        )
    )
