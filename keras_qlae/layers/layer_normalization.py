"""Layer normalization whose second-order gradients are correct."""

from typing import Any

import keras

from keras_qlae import backend
from keras_qlae.layers.normalization import Normalization


@keras.saving.register_keras_serializable(package="keras_qlae")
class LayerNormalization(Normalization):
    """Normalizes each example over its last axis.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with mean and
    variance over the last axis. It computes the same values as
    `keras.layers.LayerNormalization`, with second-order gradients that are
    correct on every backend.

    Args:
        epsilon: Positive float, added to the variance. Defaults to `1e-5`.
        center: Whether to add a learned `beta` (starts at 0).
        scale: Whether to multiply by a learned `gamma` (starts at 1).
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(batch, ..., features)`.

    Output shape:
        Same as the input.

    Example:
        >>> layer = LayerNormalization()
        >>> outputs = layer(keras.random.normal((2, 8)))
        >>> tuple(outputs.shape)
        (2, 8)

    Raises:
        ValueError: `epsilon` is not positive.

    Reference:
        Ba et al., "Layer Normalization" (arXiv 1607.06450).
    """

    def __init__(
        self,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(epsilon, center, scale, **kwargs)

    def normalize(self, x: Any, scale: Any, shift: Any) -> Any:
        return backend.normalize(x, (-1,), self.epsilon) * scale + shift
