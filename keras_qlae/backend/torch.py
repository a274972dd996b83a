"""PyTorch: what Keras has no operation for."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import torch
from keras import ops


def argmin(values: Any) -> Any:
    """PyTorch's own, cast."""
    return torch.argmin(values, dim=-1).to(torch.int32)


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """PyTorch's own."""
    return torch.mean(values, dim=axis, keepdim=keepdims)


def to_dense(gradient: Any) -> Any:
    """It is a tensor."""
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
    """By `autograd.grad`, which leaves `.grad` alone."""
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
    """With a graph of its own, to be differentiated again."""
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        total = torch.sum(function(x))
        return torch.autograd.grad(total, x, create_graph=True)[0]


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """The optimizer assigns, unrecorded."""
    with torch.no_grad():
        optimizer.apply(gradients, variables)


def draw(sampler: Callable[..., Any], size: Any, seed: Any) -> Any:
    """There is one replica."""
    return sampler(size, seed=seed)


class StepModel:
    """PyTorch's steps assign already."""

    def train_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.update(data)  # type: ignore[attr-defined]
        return logs

    def test_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.assess(data)  # type: ignore[attr-defined]
        return logs
