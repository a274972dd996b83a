"""The operations that differ between TensorFlow, JAX and PyTorch.

They are described here. One module a framework has them under the same names,
and says what is peculiar to it; that of the Keras backend in use is chosen
once, at import.
"""

import contextlib
import importlib
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras

if keras.backend.backend() not in ("tensorflow", "jax", "torch"):
    raise ImportError(
        "keras_qlae needs Keras on TensorFlow, JAX or PyTorch: set the "
        "environment variable `KERAS_BACKEND` to 'tensorflow', 'jax' or "
        "'torch' before importing keras. "
        f"Received: backend={keras.backend.backend()!r}"
    )

_framework: Any = importlib.import_module(
    f"keras_qlae.backend.{keras.backend.backend()}"
)

AdamWStep = _framework.AdamWStep


def conv2d(
    inputs: Any, kernel: Any, strides: Any, padding: str, dilation_rate: Any
) -> Any:
    """Convolution, channels last.

    Args:
        inputs: `(batch, height, width, in)`.
        kernel: `(kernel_height, kernel_width, in / groups, out)`.
        strides: Two integers.
        padding: `"same"` or `"valid"`.
        dilation_rate: Two integers.

    Returns:
        `(batch, new_height, new_width, out)`.
    """
    return _framework.conv2d(inputs, kernel, strides, padding, dilation_rate)


def conv2d_transpose(inputs: Any, kernel: Any, strides: int) -> Any:
    """Transposed convolution, 'same' padding, channels last.

    Args:
        inputs: `(batch, height, width, in)`.
        kernel: `(kernel_height, kernel_width, out, in)`.
        strides: Factor by which height and width grow.

    Returns:
        `(batch, strides * height, strides * width, out)`.
    """
    return _framework.conv2d_transpose(inputs, kernel, strides)


def normalize(
    inputs: Any,
    axes: tuple[int, ...],
    epsilon: float,
    scale: Any = 1.0,
    shift: Any = 0.0,
) -> Any:
    """`scale * (x - mean) / sqrt(variance + epsilon) + shift`.

    Its gradient can be differentiated again.

    Args:
        inputs: A tensor of floats.
        axes: The axes that mean and variance go over.
        epsilon: Added to the variance.
        scale: A tensor or float that is the same along `axes`.
        shift: As `scale`.

    Returns:
        A tensor of the shape of `inputs`.
    """
    return _framework.normalize(inputs, axes, epsilon, scale, shift)


class StepModel(_framework.StepModel):  # type: ignore[misc]
    """Keras' train and test steps, from steps written with assignments.

    A model derives from it and defines `update` and `assess`. Inside them
    variables are read and assigned as they are outside, on every backend.
    """

    def update(self, data: Any) -> dict[str, Any]:
        """One step of `fit` on a batch: moves the weights, returns logs."""
        raise NotImplementedError

    def assess(self, data: Any) -> dict[str, Any]:
        """One step of `evaluate` on a batch: returns logs."""
        raise NotImplementedError


def argmin(values: Any) -> Any:
    """Position of the first least value on the last axis, int32.

    Without the care that `keras.ops.argmin` takes of negative zeros: it reads
    the bits of the numbers, which neither ONNX nor LiteRT can.
    """
    return _framework.argmin(values)


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean over axes, in the precision of the values.

    Not `keras.ops.mean`, which casts float64 to float32 on JAX and PyTorch.

    Args:
        values: A floating-point tensor.
        axis: Integer, tuple of integers, or `None` for all.
        keepdims: Whether the axes stay, with length 1.
    """
    return _framework.mean(values, axis=axis, keepdims=keepdims)


def to_dense(gradient: Any) -> Any:
    """A gradient as a tensor."""
    return _framework.to_dense(gradient)


def value_and_gradients(
    compute: Callable[[], tuple[Any, Any]],
    variables: Sequence[Any],
    state: Sequence[Any],
) -> tuple[Any, Any, list[Any]]:
    """A loss and its gradients, with the state that computing it changes.

    Args:
        compute: Function without arguments that returns `(loss, extras)`: a
            scalar and any structure of tensors.
        variables: What to differentiate by.
        state: Every variable that `compute` reads or changes.

    Returns:
        `(loss, extras, gradients)`; a gradient is `None` where the backend
        knows that the loss does not depend on the variable. Gradients are
        those of the loss divided by the number of replicas.
    """
    result: tuple[Any, Any, list[Any]] = _framework.value_and_gradients(
        compute, variables, state
    )
    return result


def input_gradient(
    function: Callable[[Any], Any], x: Any, state: Sequence[Any]
) -> Any:
    """The gradient of `sum(function(x))` by `x`, differentiable itself.

    Args:
        function: From a batch to one number an example.
        x: A batch.
        state: Every variable that `function` reads or changes.

    Returns:
        A tensor of the shape of `x`.
    """
    return _framework.input_gradient(function, x, state)


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """One update of the variables and of the optimizer's state."""
    _framework.apply_gradients(optimizer, gradients, variables)


def without_notes() -> contextlib.AbstractContextManager[None]:
    """Leaves out what a framework remarks on several models in a process."""
    notes: contextlib.AbstractContextManager[None] = _framework.without_notes()
    return notes


def draw(sampler: Callable[..., Any], size: Any, seed: Any) -> Any:
    """Random numbers, different ones on every replica.

    Args:
        sampler: Function `sampler(size, seed=seed)` that draws a batch: a
            tensor or a structure of tensors, examples on the first axis, or
            `None`.
        size: How many examples a replica.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        What `sampler` returns, for a batch of `size`.
    """
    return _framework.draw(sampler, size, seed)


def on_devices(number: int | None = None) -> AbstractContextManager[int]:
    """Models built inside are trained on several devices of this machine.

    Each takes an equal part of a batch. The loss is that of the whole batch,
    so that training is the same whatever the number of devices.

    Args:
        number: How many; `None` for all. GPUs if there are any.

    Returns:
        A context, which gives the number of devices.

    Raises:
        ValueError: There are fewer devices; or several on PyTorch, where
            Keras 3.15 trains on one.
    """
    context: AbstractContextManager[int] = _framework.on_devices(number)
    return context


def num_devices() -> int:
    """How many devices share a batch of a model that is built now."""
    number: int = _framework.num_devices()
    return number


def sees_whole_batch() -> bool:
    """Whether a loss that is computed on several devices sees all images.

    If not, each device computes it of its part of the batch.
    """
    sees: bool = _framework.sees_whole_batch()
    return sees
