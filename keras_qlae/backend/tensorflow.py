"""TensorFlow: what Keras has no operation for."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from keras import ops


def num_replicas() -> int:
    """Number of `tf.distribute` replicas whose gradients are summed."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def argmin(values: Any) -> Any:
    """Position of the first least value on the last axis, int32.

    Without the care that `keras.ops.argmin` takes of negative zeros: it reads
    the bits of the numbers, which neither ONNX nor LiteRT can.
    """
    return tf.argmin(values, axis=-1, output_type="int32")


def mean(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean over axes, in the precision of the values.

    Not `keras.ops.mean`, which casts float64 to float32 on JAX and PyTorch.

    Args:
        values: A floating-point tensor.
        axis: Integer, tuple of integers, or `None` for all.
        keepdims: Whether the axes stay, with length 1.
    """
    return ops.mean(values, axis=axis, keepdims=keepdims)


def to_dense(gradient: Any) -> Any:
    """A gradient as a tensor: an embedding's comes as indexed slices."""
    return tf.convert_to_tensor(gradient)


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
    """`scale * (x - mean) / sqrt(variance + epsilon) + shift`.

    Args:
        inputs: A tensor of floats.
        axes: The axes that mean and variance go over.
        epsilon: Added to the variance.
        scale: A tensor or float that is the same along `axes`.
        shift: As `scale`.

    Returns:
        A tensor of the shape of `inputs`.
    """
    centred = inputs - mean(inputs, axes, keepdims=True)
    variance = mean(ops.square(centred), axes, keepdims=True)
    return centred * (ops.rsqrt(variance + epsilon) * scale) + shift


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
    with tf.GradientTape() as tape:
        loss, extras = compute()
        # Optimizers sum gradients over replicas.
        scaled = loss / tf.cast(num_replicas(), loss.dtype)
    return loss, extras, tape.gradient(scaled, [v.value for v in variables])


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
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(function(x))
    return tape.gradient(total, x)


def apply_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> None:
    """One update of the variables and of the optimizer's state."""
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
    # A mirrored `SeedGenerator` has the same state on each replica: draw for
    # all of them, and take one's own part.
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return sampler(size, seed=seed)
    every = sampler(context.num_replicas_in_sync * size, seed=seed)
    start = context.replica_id_in_sync_group * size
    return every[start : start + size]


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


class AdamWStep:
    """The step of `RegularizedAdamW`: Keras' loop over `update_step`."""
