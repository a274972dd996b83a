"""Instance normalization whose gradients are right to second order."""

from typing import Any

import keras
from keras import ops

from keras_qlae.layers.precision import full_precision


@keras.saving.register_keras_serializable(package="keras_qlae")
class InstanceNormalization(keras.layers.Layer):
    """Normalizes each channel of each example over its spatial axes.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with mean and
    variance over every axis between the first (batch) and last (channels).

    The moments are written out rather than taken from `keras.ops.moments`:
    on TensorFlow that operation stops the gradient at the mean inside the
    variance, which is right once and wrong twice, and a gradient penalty
    differentiates twice. Moments are computed in at least float32.

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
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(
                "`epsilon` must be positive: it keeps a constant channel from "
                f"dividing by zero. Received: epsilon={epsilon}"
            )
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) < 3:
            raise ValueError(
                "`InstanceNormalization` needs inputs of shape (batch, ..., "
                "channels) with at least one spatial axis to normalize over. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        shape = (input_shape[-1],)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma", shape=shape, initializer="ones", autocast=False
            )
        if self.center:
            self.beta = self.add_weight(
                name="beta", shape=shape, initializer="zeros", autocast=False
            )

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, full_precision(inputs.dtype))
        axes = tuple(range(1, len(inputs.shape) - 1))
        centred = x - ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        factor = ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * ops.cast(self.gamma, x.dtype)
        outputs = centred * factor
        if self.beta is not None:
            outputs = outputs + ops.cast(self.beta, x.dtype)
        return ops.cast(outputs, self.compute_dtype)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
        }
