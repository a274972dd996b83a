"""A convolution that is as fast on PyTorch as on the other backends."""

from typing import Any

import keras

from keras_qlae import backend


@keras.saving.register_keras_serializable(package="keras_qlae")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` without copies on PyTorch.

    Arguments, variables and values are those of the Keras layer. On PyTorch
    the Keras layer copies its inputs to channels first and back, and its
    gradient raises an error for images of one channel in a batch of one, or
    in float64. With channels last this layer uses `backend.conv2d`, which
    has neither problem; channels first is left to the Keras layer.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, height / strides, width / strides, filters)`, rounded up,
        with `padding="same"`.

    Example:
        >>> layer = Conv2D(8, 4, strides=2, padding="same")
        >>> tuple(layer(keras.random.normal((1, 6, 6, 1))).shape)
        (1, 3, 3, 8)
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        if self.data_format != "channels_last":
            return super().convolution_op(inputs, kernel)
        return backend.conv2d(
            inputs,
            keras.ops.convert_to_tensor(kernel),
            self.strides,
            self.padding,
            self.dilation_rate,
        )
