"""Normalization whose gradients are right to second order."""

from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.precision import full_precision


class Normalization(keras.layers.Layer):
    """Base of the normalizations: they differ in the axes they go over.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`.

    The moments are written out rather than taken from `keras.ops.moments`:
    on TensorFlow that operation stops the gradient at the mean inside the
    variance, which is right once and wrong twice, and a gradient penalty
    differentiates twice. Moments are computed in at least float32.

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
                "`epsilon` must be positive: it keeps a constant input from "
                f"dividing by zero. Received: epsilon={epsilon}"
            )
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.supports_masking = True

    def axes(self, rank: int) -> tuple[int, ...]:
        """The axes of an input of that rank that moments go over."""
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
        axes = self.axes(len(inputs.shape))
        centred = x - backend.mean(x, axis=axes, keepdims=True)
        variance = backend.mean(ops.square(centred), axis=axes, keepdims=True)
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
