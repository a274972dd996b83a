"""Instance normalization whose second-order gradients are correct."""

from typing import Any

import keras

from keras_qlae import backend
from keras_qlae.layers.normalization import Normalization


@keras.saving.register_keras_serializable(package="keras_qlae")
class InstanceNormalization(Normalization):
    """Normalizes each channel of each example over its spatial axes.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with mean and
    variance over every axis between the first (batch) and last (channels).
    Second-order gradients are correct on every backend; those of Keras'
    normalizations are not on TensorFlow.

    Args:
        epsilon: Positive float, added to the variance. Defaults to `1e-6`.
        center: Whether to add a learned `beta` (starts at 0).
        scale: Whether to multiply by a learned `gamma` (starts at 1).
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(batch, ..., channels)` with at least one spatial axis.

    Output shape:
        Same as the input.

    Example:
        >>> layer = InstanceNormalization()
        >>> outputs = layer(keras.random.normal((2, 8, 8, 3)))
        >>> tuple(outputs.shape)
        (2, 8, 8, 3)

    Raises:
        ValueError: `epsilon` is not positive, or the input has no spatial
            axis.

    Reference:
        Ulyanov et al., "Instance Normalization" (arXiv 1607.08022).
    """

    def __init__(
        self,
        epsilon: float = 1e-6,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(epsilon, center, scale, **kwargs)

    def normalize(self, x: Any, scale: Any, shift: Any) -> Any:
        axes = tuple(range(1, len(x.shape) - 1))
        return backend.normalize(x, axes, self.epsilon, scale, shift)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) < 3:
            raise ValueError(
                "`InstanceNormalization` needs inputs of shape (batch, ..., "
                "channels) with at least one spatial axis to normalize over. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        super().build(input_shape)
