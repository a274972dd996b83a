"""Normalizes feature maps, then scales and shifts them by a style."""

from typing import Any

import keras
from keras import ops

from keras_qlae.layers.instance_normalization import InstanceNormalization
from keras_qlae.layers.precision import full_precision


@keras.saving.register_keras_serializable(package="keras_qlae")
class StyleModulation(keras.layers.Layer):
    """Adaptive instance normalization: the style sets scale and shift.

    `y = (scale_offset + scale) * normalize(features) + shift`. Here
    `normalize` is an instance normalization without learned parameters. The
    scale and shift of each channel are the two halves of the output of a
    dense layer that reads the style.

    Args:
        epsilon: Positive float of the normalization. Defaults to `1e-6`.
        activation: Activation of the dense layer. Defaults to `"relu"`.
        scale_offset: Float, added to the scale. Defaults to `0.0`.
        kernel_initializer: For the dense layer.
        bias_initializer: For the dense layer.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        features: `(batch, height, width, channels)`.
        style: `(batch, style_width)`.

    Output shape:
        `(batch, height, width, channels)`.

    Raises:
        ValueError: Features of another rank, or `epsilon` not positive.

    Reference:
        Huang and Belongie, "Arbitrary Style Transfer in Real-time with
        Adaptive Instance Normalization" (ICCV 2017).
    """

    def __init__(
        self,
        epsilon: float = 1e-6,
        activation: Any = "relu",
        scale_offset: float = 0.0,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.activation = keras.activations.get(activation)
        self.scale_offset = scale_offset
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.normalization = InstanceNormalization(
            epsilon, center=False, scale=False, dtype=self.dtype_policy
        )

    def build(
        self, features_shape: tuple[Any, ...], style_shape: tuple[Any, ...]
    ) -> None:
        if len(features_shape) != 4:
            raise ValueError(
                "`StyleModulation` needs features of shape (batch, height, "
                "width, channels). "
                f"Received: features_shape={tuple(features_shape)}"
            )
        self.normalization.build(features_shape)
        self.dense = keras.layers.Dense(
            2 * features_shape[-1],
            activation=self.activation,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
            dtype=self.dtype_policy,
            name="dense",
        )
        self.dense.build(style_shape)

    def call(self, features: Any, style: Any) -> Any:
        x = ops.cast(features, full_precision(features.dtype))
        modulation = ops.cast(self.dense(style), x.dtype)
        # -> (batch, 1, 1, channels)
        scale, shift = ops.split(modulation[:, None, None, :], 2, axis=-1)
        outputs = self.normalization.normalize(
            x, self.scale_offset + scale, shift
        )
        return ops.cast(outputs, self.compute_dtype)

    def compute_output_shape(
        self,
        features_shape: tuple[int | None, ...],
        style_shape: tuple[int | None, ...],
    ) -> tuple[int | None, ...]:
        return features_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "activation": keras.activations.serialize(self.activation),
            "scale_offset": self.scale_offset,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "bias_initializer": keras.initializers.serialize(
                self.bias_initializer
            ),
        }
