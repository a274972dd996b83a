"""The operations on PyTorch for which Keras has none."""

import contextlib
import itertools
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import keras
import torch
from keras import ops
from torch.nn import functional

from keras_qlae.backend.one_process import alone as alone
from keras_qlae.backend.one_process import from_first as from_first
from keras_qlae.backend.one_process import host as host
from keras_qlae.backend.one_process import joined as joined
from keras_qlae.backend.one_process import num_hosts as num_hosts


def argmin(values: Any) -> Any:
    """Uses PyTorch's `argmin`, and casts its result."""
    return torch.argmin(values, dim=-1).to(torch.int32)


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """PyTorch's own."""
    return torch.mean(values, dim=axis, keepdim=keepdims)


def to_dense(gradient: Any) -> Any:
    """Returns the gradient: on PyTorch it is always a tensor."""
    return gradient


def conv2d(
    inputs: Any, kernel: Any, strides: Any, padding: str, dilation_rate: Any
) -> Any:
    """Computes a convolution with channels last in memory too.

    `keras.ops.conv` copies inputs to channels first and back. PyTorch cannot
    differentiate its kernels' layout if images have one channel or a batch
    has one image.
    """
    pads = [(0, 0), (0, 0)]
    if padding == "same":
        pads = [
            _same_padding(*sizes)
            for sizes in zip(
                inputs.shape[1:3],
                kernel.shape[:2],
                strides,
                dilation_rate,
                strict=True,
            )
        ]
    images = inputs.permute(0, 3, 1, 2)
    if any(before != after for before, after in pads):
        images = functional.pad(images, (*pads[1], *pads[0]))
        pads = [(0, 0), (0, 0)]
    outputs = functional.conv2d(
        images,
        kernel.permute(3, 2, 0, 1).contiguous(),
        stride=tuple(strides),
        padding=[before for before, _ in pads],
        dilation=tuple(dilation_rate),
        groups=inputs.shape[-1] // kernel.shape[2],
    )
    return outputs.permute(0, 2, 3, 1)


def _same_padding(
    size: int, kernel_size: int, strides: int, dilation_rate: int
) -> tuple[int, int]:
    """Number of zeros before and after an axis; an odd one goes after."""
    reach = (kernel_size - 1) * dilation_rate + 1
    total = max((-(-size // strides) - 1) * strides + reach - size, 0)
    return total // 2, total - total // 2


def conv2d_transpose(inputs: Any, kernel: Any, strides: int) -> Any:
    """Computes it with channels last in memory too."""
    # PyTorch crops both sides equally, so the kernel is padded with zeros
    # until its size minus the strides is even.
    pads = [
        (max(size - strides, 0) % 2, max(strides - size, 0))
        for size in kernel.shape[:2]
    ]
    kernel = functional.pad(
        kernel.permute(3, 2, 0, 1), (*pads[1], *pads[0])
    ).contiguous()
    outputs = functional.conv_transpose2d(
        inputs.permute(0, 3, 1, 2),
        kernel,
        stride=strides,
        padding=[(size - strides) // 2 for size in kernel.shape[2:]],
    )
    return outputs.permute(0, 2, 3, 1)


def normalize(
    inputs: Any,
    axes: tuple[int, ...],
    epsilon: float,
    scale: Any = 1.0,
    shift: Any = 0.0,
) -> Any:
    """Computes its own gradient.

    PyTorch's gradient needs three times as many passes over the maps.
    """
    scale, shift = (
        torch.as_tensor(t, dtype=inputs.dtype, device=inputs.device)
        for t in (scale, shift)
    )
    apply: Any = _Normalize.apply  # PyTorch gives it no types
    return apply(inputs, scale, shift, axes, epsilon)


class _Normalize(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Any, scale: Any, shift: Any, axes: Any, epsilon: float
    ) -> Any:
        centred, factor = _standardize(x, axes, epsilon)
        ctx.save_for_backward(x, scale, shift, centred, factor)
        ctx.axes, ctx.epsilon = axes, epsilon
        return torch.addcmul(shift, centred, factor * scale)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        x, scale, shift, centred, factor = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated again, also by x
            centred, factor = _standardize(x, ctx.axes, ctx.epsilon)
        mean = gradient.mean(ctx.axes, keepdim=True)
        # The mean of the gradient times the standardized x.
        product = factor * (gradient * centred).mean(ctx.axes, keepdim=True)
        slope = factor * scale
        dx = torch.addcmul(
            torch.addcmul(-slope * mean, centred, -slope * factor * product),
            gradient,
            slope,
        )
        count = x.numel() // factor.numel()
        return (
            dx,
            (count * product).sum_to_size(scale.shape),
            (count * mean).sum_to_size(shift.shape),
            None,
            None,
        )


def _standardize(x: Any, axes: Any, epsilon: float) -> tuple[Any, Any]:
    """Returns `x` minus its mean, and 1 / standard deviation."""
    centred = x - x.mean(axes, keepdim=True)
    variance = (centred * centred).mean(axes, keepdim=True)
    return centred, torch.rsqrt(variance + epsilon)


def value_and_gradients(
    compute: Callable[[], tuple[Any, Any]],
    variables: Sequence[Any],
    state: Sequence[Any],
) -> tuple[Any, Any, list[Any]]:
    """Differentiates with `autograd.grad`, which does not change `.grad`."""
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
    """Differentiates with a new graph, which can be differentiated again."""
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        total = torch.sum(function(x))
        return torch.autograd.grad(total, x, create_graph=True)[0]


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """Calls the optimizer without recording gradients."""
    with torch.no_grad():
        optimizer.apply(gradients, variables)


def without_notes() -> contextlib.AbstractContextManager[None]:
    """Does nothing: PyTorch writes no such notes."""
    return contextlib.nullcontext()


def draw(sampler: Callable[..., Any], size: Any, seed: Any) -> Any:
    """Draws once: on PyTorch there is one replica."""
    return sampler(size, seed=seed)


class StepModel:
    """Calls the steps: on PyTorch they may assign variables."""

    def train_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.update(data)  # type: ignore[attr-defined]
        return logs

    def test_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.assess(data)  # type: ignore[attr-defined]
        return logs


class AdamWStep:
    """The step of `RegularizedAdamW`, for all variables at once and in place.

    Keras updates the variables one by one, which on PyTorch takes several
    times as long as the arithmetic. It calls this method instead, as for its
    own optimizers. The rule is that of `update_step`.
    """

    def _backend_update_step(
        self: Any,
        gradients: Sequence[Any],
        variables: Sequence[Any],
        learning_rate: Any,
    ) -> None:
        indices = [self._get_variable_index(v) for v in variables]
        are_regularized = [self._are_regularized[i] for i in indices]

        with torch.no_grad():
            values = [v.value for v in variables]
            m = [self._momentums[i].value for i in indices]
            v = [self._velocities[i].value for i in indices]
            # The layout of a kernel's gradient may differ from the kernel's.
            gradients = [
                gradient.to(value.dtype).contiguous()
                for gradient, value in zip(gradients, values, strict=True)
            ]
            if self.clip is not None:
                gradients = [
                    g.clamp(-self.clip, self.clip) if is_regularized else g
                    for g, is_regularized in zip(
                        gradients, are_regularized, strict=True
                    )
                ]
            torch._foreach_mul_(m, self.beta_1)
            torch._foreach_add_(m, gradients, alpha=1 - self.beta_1)
            torch._foreach_mul_(v, self.beta_2)
            torch._foreach_addcmul_(
                v, gradients, gradients, value=1 - self.beta_2
            )
            correct_1, correct_2 = self._bias_corrections(variables[0].dtype)
            deviations = torch._foreach_div(v, correct_2)
            torch._foreach_sqrt_(deviations)
            torch._foreach_add_(deviations, self.epsilon)
            updates = torch._foreach_div(m, correct_1)
            torch._foreach_div_(updates, deviations)
            if self.decay:
                pairs = zip(updates, values, strict=True)
                for update, value in itertools.compress(pairs, are_regularized):
                    update.add_(value, alpha=self.decay)
            for update, index in zip(updates, indices, strict=True):
                if self._rates[index] != 1:
                    update.mul_(self._rates[index])
            torch._foreach_mul_(updates, ops.convert_to_tensor(learning_rate))
            torch._foreach_sub_(values, updates)


@contextlib.contextmanager
def on_devices(number: int | None) -> Iterator[int]:
    """Keras spreads training on PyTorch from version 3.16 on."""
    number = number or max(1, torch.cuda.device_count())
    if number != 1:
        raise ValueError(
            "On PyTorch Keras trains on several devices from version 3.16 on, "
            f"and the installed version is {keras.__version__}: use one "
            "device, or the backend `jax` or `tensorflow`. "
            f"Received: devices={number}"
        )
    yield 1


def num_devices() -> int:
    """Always one."""
    return 1


def sees_whole_batch() -> bool:
    """There is one device."""
    return True
