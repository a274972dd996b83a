"""Convolution that is as fast on PyTorch as elsewhere, at every size."""

from typing import Any

import keras

from keras_qlae import backend


@keras.saving.register_keras_serializable(package="keras_qlae")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` without copies on PyTorch.

    Same arguments, variables and values as the stock layer. On PyTorch that
    one copies its inputs to channels first and back, and raises an error in
    the gradient for images of one channel in a batch of one, or in float64.
    With channels last the operation is `backend.conv2d`, which does neither;
    channels first is left to the stock layer.

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
