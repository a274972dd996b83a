"""Normalization whose second-order gradients are correct."""

from typing import Any

import keras
from keras import ops

from keras_qlae.layers.precision import full_precision


class Normalization(keras.layers.Layer):
    """Base class of the normalizations, which differ in their axes.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`.

    The moments are computed by `backend.normalize`, not `keras.ops.moments`.
    On TensorFlow that operation stops the gradient at the mean inside the
    variance. Its first derivative is correct and its second is wrong, and a
    gradient penalty needs the second. Moments are in at least float32.

    Args:
        epsilon: Positive float, added to the variance.
        center: Whether to add a learned `beta` (starts at 0).
        scale: Whether to multiply by a learned `gamma` (starts at 1).
        **kwargs: Passed to `keras.layers.Layer`.
    """

    def __init__(
        self,
        epsilon: float,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(
                "`epsilon` must be positive: it prevents a division by zero "
                f"for constant inputs. Received: epsilon={epsilon}"
            )
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.supports_masking = True

    def normalize(self, x: Any, scale: Any, shift: Any) -> Any:
        """Normalizes `x`, then applies the scale and shift of each channel."""
        raise NotImplementedError

    def build(self, input_shape: tuple[int | None, ...]) -> None:
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
        scale = 1.0 if self.gamma is None else ops.cast(self.gamma, x.dtype)
        shift = 0.0 if self.beta is None else ops.cast(self.beta, x.dtype)
        outputs = self.normalize(x, scale, shift)
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
