"""The operations on JAX for which Keras has none."""

import atexit
import contextlib
import functools
import itertools
import os
import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import jax
import keras
from keras import ops

_LAYOUT = ("NHWC", "HWIO", "NHWC")
# In what JAX says when another process is gone.
_LOST = ("Gloo", "NCCL", "coordination service")


def argmin(values: Any) -> Any:
    """Uses JAX's `argmin`, and casts its result."""
    return jax.numpy.argmin(values, axis=-1).astype("int32")


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """JAX's own."""
    return jax.numpy.mean(values, axis=axis, keepdims=keepdims)


def to_dense(gradient: Any) -> Any:
    """Returns the gradient: on JAX it is always a tensor."""
    return gradient


def conv2d(
    inputs: Any, kernel: Any, strides: Any, padding: str, dilation_rate: Any
) -> Any:
    """Keras' own."""
    return ops.conv(
        inputs,
        kernel,
        strides=strides,
        padding=padding,
        data_format="channels_last",
        dilation_rate=dilation_rate,
    )


def normalize(
    inputs: Any,
    axes: tuple[int, ...],
    epsilon: float,
    scale: Any = 1.0,
    shift: Any = 0.0,
) -> Any:
    """Computes the moments from the mean and the centred square."""
    centred = inputs - mean(inputs, axes, keepdims=True)
    variance = mean(ops.square(centred), axes, keepdims=True)
    return centred * (ops.rsqrt(variance + epsilon) * scale) + shift


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def conv2d_transpose(inputs: Any, kernel: Any, strides: int) -> Any:
    """Computes a transposed convolution, 'same' padding, channels last.

    XLA computes the kernel gradient of a transposed convolution with a
    dilated convolution, which on a CPU is 4 to 8 times slower than needed
    (jax#23783, jax#31662). The transposed convolution is the adjoint of a
    strided convolution. So its gradients are that convolution and its kernel
    gradient, which can be differentiated again.
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


def value_and_gradients(
    compute: Callable[[], tuple[Any, Any]],
    variables: Sequence[Any],
    state: Sequence[Any],
) -> tuple[Any, Any, list[Any]]:
    """Differentiates a pure function of all values."""
    chosen = {id(v) for v in variables}
    others = [v for v in state if id(v) not in chosen]
    pure = _pure(compute, [*variables, *others])

    def loss_of(values: list[Any], other_values: list[Any]) -> Any:
        (loss, extras), new = pure([*values, *other_values])
        return loss, (extras, new[len(values) :])

    (loss, (extras, new)), gradients = jax.value_and_grad(
        loss_of, has_aux=True
    )([v.value for v in variables], [v.value for v in others])
    _assign(others, new)
    return loss, extras, gradients


def input_gradient(
    function: Callable[[Any], Any], x: Any, state: Sequence[Any]
) -> Any:
    """Differentiates a pure function of the input and all values."""
    state = list(state)

    def total_of(x: Any, values: list[Any]) -> Any:
        outputs, new = _pure(lambda: function(x), state)(values)
        return outputs.sum(), new

    gradient, new = jax.grad(total_of, has_aux=True)(
        x, [v.value for v in state]
    )
    _assign(state, new)
    return gradient


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """Assigns the new values that the optimizer returns."""
    new_values, new_state = optimizer.stateless_apply(
        [v.value for v in optimizer.variables],
        list(gradients),
        [v.value for v in variables],
    )
    _assign(variables, new_values)
    _assign(optimizer.variables, new_state)


def without_notes() -> contextlib.AbstractContextManager[None]:
    """Does nothing: JAX writes no such notes."""
    return contextlib.nullcontext()


def draw(sampler: Callable[..., Any], size: Any, seed: Any) -> Any:
    """Draws for the global batch, which one replica processes."""
    return sampler(size, seed=seed)


class StepModel:
    """Returns what a step assigned: on JAX steps are functions of values."""

    def train_step(self: Any, state: Any, data: Any) -> Any:
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        return _stateless(self.update, groups, state, data)

    def test_step(self: Any, state: Any, data: Any) -> Any:
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.metrics_variables,
        )
        return _stateless(self.assess, groups, state, data)


class AdamWStep:
    """Adds nothing: `RegularizedAdamW` uses Keras' loop over `update_step`."""


def _pure(function: Callable[[], Any], variables: Sequence[Any]) -> Any:
    """Makes `function` pure: from values to its result and new values."""
    variables = list(variables)

    def pure(values: Sequence[Any]) -> Any:
        mapping = zip(variables, values, strict=True)
        with keras.StatelessScope(mapping, collect_losses=True) as scope:
            result = function()
        return result, [scope.get_current_value(v) for v in variables]

    return pure


def _assign(variables: Sequence[Any], values: Sequence[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _stateless(
    step: Callable[[Any], Any], groups: Any, state: Any, data: Any
) -> Any:
    """Runs a step on Keras' groups of values; returns logs and new values."""
    variables = [v for group in groups for v in group]
    values = [value for group in state for value in group]
    logs, new = _pure(lambda: step(data), variables)(values)
    bounds = itertools.accumulate(map(len, groups), initial=0)
    slices = itertools.starmap(slice, itertools.pairwise(bounds))
    return logs, tuple(new[part] for part in slices)


@contextlib.contextmanager
def on_devices(number: int | None) -> Iterator[int]:
    """Keras' data parallelism; on one device none."""
    found = jax.local_device_count()
    if number is not None and not 1 <= number <= found:
        raise ValueError(
            f"`devices` must be from 1 to {found}, the devices of this "
            f"machine. Received: devices={number}"
        )
    of_hosts: dict[int, list[str]] = {}
    for device in jax.devices():
        own = of_hosts.setdefault(device.process_index, [])
        own.append(f"{device.platform}:{device.id}")
    chosen = [of_hosts[host][:number] for host in sorted(of_hosts)]
    if len({len(own) for own in chosen}) > 1:
        raise ValueError(
            "All hosts must use the same number of devices: set `devices`. "
            f"Received: {[len(own) for own in chosen]} devices"
        )
    devices = [device for own in chosen for device in own]
    if len(devices) == 1:
        yield 1
        return
    parallel = keras.distribution.DataParallel(
        devices=devices,
        auto_shard_dataset=False,  # each process reads its own share
    )
    with parallel.scope():
        yield len(devices)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Without Keras' data parallelism."""
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


@contextlib.contextmanager
def joined(
    number: int | None, host: int | None, coordinator: str | None
) -> Iterator[None]:
    """JAX's own service; it would wait for minutes for those that are gone."""
    if number is None and not os.environ.get("SLURM_PROCID"):
        raise ValueError(
            "The hosts should be those of Slurm, but this is not a task of "
            "Slurm: start it with `srun`, or give number, host and "
            "coordinator. "
            "Received: no variable SLURM_PROCID"
        )
    # It would keep SIGTERM from ending the process.
    update: Any = jax.config.update
    update("jax_enable_preemption_service", False)
    keras.distribution.initialize(coordinator, number, host)
    atexit.register(_leave)
    try:
        yield
    except Exception as error:  # it comes as several kinds
        reason = str(error).partition("\n")[0][:300]
        if not any(word in reason for word in _LOST):
            raise
        raise RuntimeError(
            "Another process of this training ended, or cannot be reached: its "
            "own output says why. Start all processes again with the same "
            "command: they continue from the last finished epoch. "
            f"Received: {reason}"
        ) from error
    atexit.unregister(_leave)


def _leave() -> None:
    """Ends the process at once, with what it had to say."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def num_hosts() -> int:
    """JAX's processes."""
    return int(jax.process_count())


def host() -> int:
    """JAX's number."""
    return int(jax.process_index())


def from_first(arrays: Any) -> Any:
    """A sum over processes, of which all but the first have zeros."""
    from jax.experimental import multihost_utils  # `import jax` has it not

    return multihost_utils.broadcast_one_to_all(arrays)


def num_devices() -> int:
    """The size of the batch's axis of the mesh."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1
    mesh = distribution.device_mesh
    axis = mesh.axis_names.index(distribution.batch_dim_name)
    return int(mesh.shape[axis])


def sees_whole_batch() -> bool:
    """A step is written for the whole batch."""
    return True
