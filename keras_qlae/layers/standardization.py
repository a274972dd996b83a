"""Standardizes the inputs of a network, and converts outputs back."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="keras_qlae")
class Standardization(keras.layers.Layer):
    """Scales each value to mean 0 and standard deviation 1, or back.

    `(x - mean) / scale`, or `x * scale + mean` with `invert=True`. Mean and
    scale are given and not trained. (`keras.layers.Normalization` takes
    variances, which float32 holds only of values from 1e-7 to 1e19.)

    Args:
        mean: The mean of each value on the last axis.
        scale: The standard deviation of each, positive.
        invert: Whether to convert back. Defaults to `False`.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(batch, ..., len(mean))`.

    Output shape:
        Same as the input.

    Raises:
        ValueError: Lists of different lengths, numbers that are not finite,
            or a scale that is not positive.
    """

    def __init__(
        self,
        mean: Sequence[float],
        scale: Sequence[float],
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        means, scales = np.array(mean, float), np.array(scale, float)
        if (
            means.ndim != 1
            or means.shape != scales.shape
            or not np.isfinite([means, scales]).all()
            or not (scales > 0).all()
        ):
            raise ValueError(
                "`mean` and `scale` must be two lists of finite numbers of one "
                "length, those of `scale` positive. Received: shapes "
                f"{means.shape} and {scales.shape}, scales from "
                f"{scales.min(initial=np.inf)}"
            )
        self.mean: list[float] = means.tolist()
        self.scale: list[float] = scales.tolist()
        self.invert = invert

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if input_shape[-1] != len(self.mean):
            raise ValueError(
                "The last axis of the inputs must be as long as `mean` and "
                f"`scale`, {len(self.mean)}. Received: shape "
                f"{tuple(input_shape)}"
            )

    def call(self, inputs: Any) -> Any:
        mean = ops.convert_to_tensor(self.mean, dtype=inputs.dtype)
        scale = ops.convert_to_tensor(self.scale, dtype=inputs.dtype)
        if self.invert:
            return inputs * scale + mean
        return (inputs - mean) / scale

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "mean": self.mean,
            "scale": self.scale,
            "invert": self.invert,
        }
