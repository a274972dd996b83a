"""PyTorch: what Keras has no operation for."""

from typing import Any

from keras import ops


def num_replicas() -> int:
    """Number of replicas whose gradients are summed: one."""
    return 1


def to_dense(gradient: Any) -> Any:
    """A gradient as a tensor, which it is."""
    return gradient


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
