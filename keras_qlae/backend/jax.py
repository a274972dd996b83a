"""JAX: what Keras has no operation for."""

import functools
from typing import Any

import jax

_LAYOUT = ("NHWC", "HWIO", "NHWC")


def num_replicas() -> int:
    """Number of replicas whose gradients are summed: one.

    Under `keras.distribution` a step sees the global batch.
    """
    return 1


def to_dense(gradient: Any) -> Any:
    """A gradient as a tensor, which it is."""
    return gradient


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def conv2d_transpose(inputs: Any, kernel: Any, strides: int) -> Any:
    """Transposed convolution, 'same' padding, channels last.

    XLA takes the kernel gradient of a transposed convolution through a
    dilated convolution, which on a CPU is 4 to 8 times slower than needed
    (jax#23783, jax#31662). The transposed convolution is the adjoint of a
    strided one, so its gradients are that convolution and its own kernel
    gradient; they may be differentiated again.

    Args:
        inputs: `(batch, height, width, in)`.
        kernel: `(kernel_height, kernel_width, out, in)`.
        strides: Factor by which height and width grow.

    Returns:
        `(batch, strides * height, strides * width, out)`.
    """
    return jax.lax.conv_transpose(
        inputs,
        kernel,
        (strides, strides),
        "SAME",
        dimension_numbers=_LAYOUT,
        transpose_kernel=True,
    )


def _forward(inputs: Any, kernel: Any, strides: int) -> tuple[Any, Any]:
    return conv2d_transpose(inputs, kernel, strides), (inputs, kernel)


def _backward(strides: int, residuals: Any, gradient: Any) -> tuple[Any, Any]:
    inputs, kernel = residuals

    def adjoint(kernel: Any) -> Any:
        return jax.lax.conv_general_dilated(
            gradient,
            kernel,
            (strides, strides),
            "SAME",
            dimension_numbers=_LAYOUT,
        )

    inputs_gradient, kernel_vjp = jax.vjp(adjoint, kernel)
    return inputs_gradient, kernel_vjp(inputs)[0]


conv2d_transpose.defvjp(_forward, _backward)
