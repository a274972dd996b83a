"""Encoders (functional API) from an image to `num_outputs` real numbers."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_qlae.networks.blocks import Blocks
from keras_qlae.networks.blocks import check_image_shape
from keras_qlae.networks.sizes import encoder_size


def image_trunk(
    image_shape: Sequence[int],
    num_outputs: int,
    size: str = "large",
    *,
    blocks: Sequence[Sequence[int]] | None = None,
    dense_units: Sequence[int] | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "trunk",
) -> keras.Model:
    """An image encoder and a critic that share all but the last layer.

    Args and errors are those of `image_encoder`.

    Returns:
        A functional model from `(batch, height, width, channels)` to two
        outputs in full precision: the encoder's, `(batch, num_outputs)`, and
        the critic's, `(batch, 1)`.
    """
    network = encoder_size(size, blocks, dense_units)
    strides = [block.strides for block in network.blocks]
    shape = check_image_shape(image_shape, strides)
    build = Blocks(seed, dtype)
    inputs = keras.Input(shape, name="images")
    features = _trunk(build, inputs, network)
    heads = [
        build.head(features, num_outputs),
        build.head(features, 1, "critic"),
    ]
    return keras.Model(inputs, heads, name=name)


def image_encoder(
    image_shape: Sequence[int],
    num_outputs: int,
    size: str = "large",
    *,
    blocks: Sequence[Sequence[int]] | None = None,
    dense_units: Sequence[int] | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """The paper's convolutional encoder.

    Each block is a convolution, an instance normalization and a leaky ReLU.
    Dense layers with ReLU and a linear head follow; the head is in full
    precision under a mixed policy.

    Args:
        image_shape: `(height, width, channels)`.
        num_outputs: Width of the head: the latent's `num_inputs`.
        size: `"large"` and `"small"` are the paper's, `"tiny"` is for a CPU.
        blocks: `(width, kernel_size, strides)` of each convolution, in place
            of those of `size`.
        dense_units: Widths of the dense layers, in place of those of `size`.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, height, width, channels)` images in
        `[0, 1]` to `(batch, num_outputs)`.

    Raises:
        ValueError: An unknown `size`, or an image whose height or width the
            strides do not divide.

    Example:
        >>> encoder = image_encoder((16, 16, 3), 4, blocks=[(8, 4, 2)])
        >>> encoder.output_shape
        (None, 4)
    """
    network = encoder_size(size, blocks, dense_units)
    strides = [block.strides for block in network.blocks]
    shape = check_image_shape(image_shape, strides)
    build = Blocks(seed, dtype)
    inputs = keras.Input(shape, name="images")
    outputs = build.head(_trunk(build, inputs, network), num_outputs)
    return keras.Model(inputs, outputs, name=name)


def dense_encoder(
    image_shape: Sequence[int],
    num_outputs: int,
    *,
    dense_units: Sequence[int] = (2048, 2048, 2048, 2048),
    seed: int | None = None,
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """An encoder of dense layers, each with layer normalization and ReLU.

    Args:
        image_shape: `(height, width, channels)`.
        num_outputs: Width of the head: the latent's `num_inputs`.
        dense_units: Widths of the hidden layers.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, height, width, channels)` images in
        `[0, 1]` to `(batch, num_outputs)`.
    """
    shape = check_image_shape(image_shape)
    build = Blocks(seed, dtype)
    inputs = keras.Input(shape, name="images")
    x = keras.layers.Reshape((math.prod(shape),), dtype=build.dtype)(inputs)
    for i, units in enumerate(dense_units):
        x = build.dense_block(x, units, i)
    return keras.Model(inputs, build.head(x, num_outputs), name=name)


def _trunk(build: Blocks, x: Any, network: Any) -> Any:
    for i, block in enumerate(network.blocks):
        x = build.convolution(x, block, f"conv{i}")
        x = build.normalization(x, f"norm{i}")
        x = build.leaky_relu(x, f"activation{i}")
    x = keras.layers.Flatten(dtype=build.dtype, name="flatten")(x)
    for i, units in enumerate(network.dense_units):
        x = build.dense(x, units, f"dense{i}")
    return x
