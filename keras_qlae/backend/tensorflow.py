"""TensorFlow: what Keras has no operation for."""

from typing import Any

import tensorflow as tf
from keras import ops


def num_replicas() -> int:
    """Number of `tf.distribute` replicas whose gradients are summed."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def to_dense(gradient: Any) -> Any:
    """A gradient as a tensor: an embedding's comes as indexed slices."""
    return tf.convert_to_tensor(gradient)


def conv2d_transpose(inputs: Any, kernel: Any, strides: int) -> Any:
    """Transposed convolution, 'same' padding, channels last.

    Args:
        inputs: `(batch, height, width, in)`.
        kernel: `(kernel_height, kernel_width, out, in)`.
        strides: Factor by which height and width grow.

    Returns:
        `(batch, strides * height, strides * width, out)`.
    """
    return ops.conv_transpose(
        inputs, kernel, strides, padding="same", data_format="channels_last"
    )
