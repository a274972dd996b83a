"""The operations that differ between TensorFlow, JAX and PyTorch.

They are documented here. Each framework has one module with the same names,
which documents what is special to it. The module of the Keras backend in use
is chosen once, at import.
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
    """Computes a convolution, channels last, `"same"` or `"valid"`.

    The kernel is `(height, width, in / groups, out)`; strides and dilation rate
    are two integers each.
    """
    return _framework.conv2d(inputs, kernel, strides, padding, dilation_rate)


def conv2d_transpose(inputs: Any, kernel: Any, strides: int) -> Any:
    """Computes a transposed convolution, 'same' padding, channels last.

    The kernel is `(height, width, out, in)`. Height and width of the inputs
    grow by the factor `strides`.
    """
    return _framework.conv2d_transpose(inputs, kernel, strides)


def normalize(
    inputs: Any,
    axes: tuple[int, ...],
    epsilon: float,
    scale: Any = 1.0,
    shift: Any = 0.0,
) -> Any:
    """Computes `scale * (x - mean) / sqrt(variance + epsilon) + shift`.

    Mean and variance are over `axes`, along which scale and shift are the same.
    Its gradient can be differentiated again.
    """
    return _framework.normalize(inputs, axes, epsilon, scale, shift)


class StepModel(_framework.StepModel):  # type: ignore[misc]
    """Makes Keras' train and test steps from steps that assign variables.

    A model derives from it and defines `update` and `assess`. In them
    variables are read and assigned as usual, on every backend.
    """

    def update(self, data: Any) -> dict[str, Any]:
        """One step of `fit` on a batch: updates the weights, returns logs."""
        raise NotImplementedError

    def assess(self, data: Any) -> dict[str, Any]:
        """One step of `evaluate` on a batch: returns logs."""
        raise NotImplementedError


def argmin(values: Any) -> Any:
    """Returns the position of the first minimum on the last axis, int32.

    `keras.ops.argmin` is not used: to handle negative zeros it reads the bits
    of numbers, which neither ONNX nor LiteRT can do.
    """
    return _framework.argmin(values)


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Computes the mean over axes in the precision of the values.

    `keras.ops.mean` is not used: it casts float64 to float32 on JAX and
    PyTorch.
    """
    return _framework.mean(values, axis=axis, keepdims=keepdims)


def to_dense(gradient: Any) -> Any:
    """Converts a gradient to a dense tensor."""
    return _framework.to_dense(gradient)


def value_and_gradients(
    compute: Callable[[], tuple[Any, Any]],
    variables: Sequence[Any],
    state: Sequence[Any],
) -> tuple[Any, Any, list[Any]]:
    """Computes a loss and its gradients, and updates the state it changes.

    `compute` returns the loss, a scalar, and any structure of tensors; `state`
    is every variable that it reads or changes. A gradient is `None` if the
    backend knows that the loss does not depend on the variable. Gradients are
    those of the loss divided by the number of replicas.
    """
    result: tuple[Any, Any, list[Any]] = _framework.value_and_gradients(
        compute, variables, state
    )
    return result


def input_gradient(
    function: Callable[[Any], Any], x: Any, state: Sequence[Any]
) -> Any:
    """Computes a differentiable gradient of `sum(function(x))` by a batch `x`.

    The function returns one number per example; `state` is every variable that
    it reads or changes.
    """
    return _framework.input_gradient(function, x, state)


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """Updates the variables and the optimizer's state once."""
    _framework.apply_gradients(optimizer, gradients, variables)


def without_notes() -> contextlib.AbstractContextManager[None]:
    """Suppresses a framework's notes on several models in a process."""
    notes: contextlib.AbstractContextManager[None] = _framework.without_notes()
    return notes


def draw(sampler: Callable[..., Any], size: Any, seed: Any) -> Any:
    """Draws random numbers, different ones on every replica.

    `sampler(size, seed=seed)` draws a batch: a tensor or a structure of
    tensors, examples on the first axis, or `None`. The size is that of one
    replica.
    """
    return _framework.draw(sampler, size, seed)


def on_devices(number: int | None = None) -> AbstractContextManager[int]:
    """Models built inside are trained on several devices of this machine.

    Each takes an equal part of a batch. The loss is that of the whole batch,
    so that training is the same whatever the number of devices. Of several
    processes (`joined`) each brings its own.

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


def joined(
    number: int | None = None,
    host: int | None = None,
    coordinator: str | None = None,
) -> AbstractContextManager[None]:
    """Makes this process one of several that train one model, on JAX.

    Before anything is computed. A process that leaves the context by an error
    ends without waiting for the others, and they end by one, too.

    Args:
        number: How many processes there are. Without arguments they are the
            tasks of a step of Slurm.
        host: The number of this one, from 0.
        coordinator: `ADDRESS:PORT`, where the process 0 is found.

    Returns:
        A context.

    Raises:
        ValueError: Another backend, or no step of Slurm.
        RuntimeError: In the context: the connection to another process was
            lost.
    """
    context: AbstractContextManager[None] = _framework.joined(
        number, host, coordinator
    )
    return context


def num_hosts() -> int:
    """How many processes train one model together."""
    number: int = _framework.num_hosts()
    return number


def host() -> int:
    """The number of this process among them; 0 if it is alone."""
    number: int = _framework.host()
    return number


def from_first(arrays: Any) -> Any:
    """The arrays of process 0, on all; each of the same shape on all.

    Every process must call it, and waits for the others. NumPy arrays may be in
    a structure.
    """
    return _framework.from_first(arrays)


def alone() -> AbstractContextManager[None]:
    """What is built inside is of this process and of one device."""
    context: AbstractContextManager[None] = _framework.alone()
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
