"""PyTorch: what Keras has no operation for."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import torch
from keras import ops


def num_replicas() -> int:
    """Number of replicas whose gradients are summed: one."""
    return 1


def argmin(values: Any) -> Any:
    """Position of the first least value on the last axis, int32.

    Without the care that `keras.ops.argmin` takes of negative zeros: it reads
    the bits of the numbers, which neither ONNX nor LiteRT can.
    """
    return torch.argmin(values, dim=-1).to(torch.int32)


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean over axes, in the precision of the values.

    Not `keras.ops.mean`, which casts float64 to float32 on JAX and PyTorch.

    Args:
        values: A floating-point tensor.
        axis: Integer, tuple of integers, or `None` for all.
        keepdims: Whether the axes stay, with length 1.
    """
    return torch.mean(values, dim=axis, keepdim=keepdims)


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
        knows that the loss does not depend on the variable.
    """
    with torch.enable_grad():
        loss, extras = compute()
    gradients = torch.autograd.grad(
        loss, [v.value for v in variables], allow_unused=True
    )
    extras = keras.tree.map_structure(
        lambda t: t.detach() if torch.is_tensor(t) else t, extras
    )
    return loss.detach(), extras, list(gradients)


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
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        total = torch.sum(function(x))
        return torch.autograd.grad(total, x, create_graph=True)[0]


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """One update of the variables and of the optimizer's state."""
    with torch.no_grad():
        optimizer.apply(gradients, variables)


def draw(sampler: Callable[..., Any], size: Any, seed: Any) -> Any:
    """Random numbers, different ones on every replica.

    Args:
        sampler: Function `sampler(size, seed=seed)` that draws a batch.
        size: How many a replica.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        A batch of `size`.
    """
    return sampler(size, seed=seed)


class StepModel:
    """Keras' train and test steps, from steps written with assignments.

    A model derives from it and defines `update(data)` and `assess(data)`,
    which return the logs.
    """

    def train_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.update(data)  # type: ignore[attr-defined]
        return logs

    def test_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.assess(data)  # type: ignore[attr-defined]
        return logs
