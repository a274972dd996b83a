"""The operations on TensorFlow for which Keras has none."""

import contextlib
import logging
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_qlae.backend.one_process import alone as alone
from keras_qlae.backend.one_process import from_first as from_first
from keras_qlae.backend.one_process import host as host
from keras_qlae.backend.one_process import joined as joined
from keras_qlae.backend.one_process import num_hosts as num_hosts


def argmin(values: Any) -> Any:
    """Uses TensorFlow's `argmin` with the dtype int32."""
    return tf.argmin(values, axis=-1, output_type="int32")


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Uses `keras.ops.mean`, which keeps the precision on TensorFlow."""
    return ops.mean(values, axis=axis, keepdims=keepdims)


def to_dense(gradient: Any) -> Any:
    """Converts indexed slices, the gradient of an embedding, to a tensor."""
    return tf.convert_to_tensor(gradient)


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


def conv2d_transpose(inputs: Any, kernel: Any, strides: int) -> Any:
    """Keras' own."""
    return ops.conv_transpose(
        inputs, kernel, strides, padding="same", data_format="channels_last"
    )


def value_and_gradients(
    compute: Callable[[], tuple[Any, Any]],
    variables: Sequence[Any],
    state: Sequence[Any],
) -> tuple[Any, Any, list[Any]]:
    """Differentiates with a tape; optimizers sum over replicas."""
    with tf.GradientTape() as tape:
        loss, extras = compute()
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        scaled = loss / tf.cast(replicas, loss.dtype)
    return loss, extras, tape.gradient(scaled, [v.value for v in variables])


def input_gradient(
    function: Callable[[Any], Any], x: Any, state: Sequence[Any]
) -> Any:
    """Differentiates with a tape inside the tape of the loss."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(function(x))
    return tape.gradient(total, x)


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """Calls the optimizer, which assigns the variables."""
    optimizer.apply(gradients, variables)


@contextlib.contextmanager
def without_notes() -> Iterator[None]:
    """Suppresses the note that several models compile the same function."""

    def is_other(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)


def draw(sampler: Callable[..., Any], size: Any, seed: Any) -> Any:
    """Draws for all replicas on each replica, and returns its part.

    A mirrored generator has the same state on every replica.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return sampler(size, seed=seed)
    every = sampler(context.num_replicas_in_sync * size, seed=seed)
    start = context.replica_id_in_sync_group * size
    return keras.tree.map_structure(
        lambda x: None if x is None else x[start : start + size], every
    )


class StepModel:
    """Calls the steps: on TensorFlow they may assign variables."""

    def train_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.update(data)  # type: ignore[attr-defined]
        return logs

    def test_step(self, data: Any) -> dict[str, Any]:
        logs: dict[str, Any] = self.assess(data)  # type: ignore[attr-defined]
        return logs


class AdamWStep:
    """Adds nothing: `RegularizedAdamW` uses Keras' loop over `update_step`."""


@contextlib.contextmanager
def on_devices(number: int | None) -> Iterator[int]:
    """A mirrored strategy; on one device none."""
    found = tf.config.list_logical_devices
    devices = found("GPU") or found("CPU")
    if number is not None and not 1 <= number <= len(devices):
        raise ValueError(
            f"`devices` must be from 1 to {len(devices)}, the devices of this "
            f"machine. Received: devices={number}"
        )
    devices = devices[:number]
    if len(devices) == 1:
        yield 1
        return
    strategy = tf.distribute.MirroredStrategy([each.name for each in devices])
    with strategy.scope():
        yield len(devices)


def num_devices() -> int:
    """Replicas of the strategy."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def sees_whole_batch() -> bool:
    """A replica sees its part."""
    return num_devices() == 1
