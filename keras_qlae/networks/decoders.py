"""Decoders (functional API) from a latent's output to image logits."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_qlae.networks.blocks import Blocks
from keras_qlae.networks.blocks import check_image_shape
from keras_qlae.networks.sizes import decoder_size


def style_image_decoder(
    num_inputs: int,
    image_shape: Sequence[int],
    size: str = "large",
    *,
    blocks: Sequence[Sequence[int]] | None = None,
    dense_units: Sequence[int] | None = None,
    map_channels: int | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """The paper's decoder: the latents set the style of a learned map.

    Dense layers with ReLU compute a style from the latents. A learned map,
    the same for all images, goes through blocks of a transposed convolution,
    a leaky ReLU, and an instance normalization whose scale and shift are a
    dense layer of the style. A last 3x3 convolution computes the logits.

    Args:
        num_inputs: Width of the input: the latent's `num_outputs`.
        image_shape: `(height, width, channels)`.
        size: `"large"` and `"small"` are the paper's, `"tiny"` is for a CPU.
        blocks: `(width, kernel_size, strides)` of each transposed
            convolution, in place of those of `size`.
        dense_units: Widths of the dense layers, in place of those of `size`.
        map_channels: Channels of the learned map. Defaults to the width of
            the first block.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, num_inputs)` to logits
        `(batch, height, width, channels)`, in full precision.

    Raises:
        ValueError: An unknown `size`, or an image whose height or width the
            strides do not divide.

    Example:
        >>> decoder = style_image_decoder(4, (16, 16, 3), blocks=[(8, 4, 2)])
        >>> decoder.output_shape
        (None, 16, 16, 3)
    """
    network = decoder_size(size, blocks, dense_units)
    height, width, channels = _map_size(image_shape, network.blocks)
    map_channels = map_channels or network.blocks[0].width
    build = Blocks(seed, dtype)
    inputs = keras.Input((num_inputs,), name="latents")
    style = inputs
    for i, units in enumerate(network.dense_units):
        style = build.dense(style, units, f"dense{i}")
    x = build.learned_map(inputs, (height, width, map_channels), "map")
    for i, block in enumerate(network.blocks):
        x = build.transposed_convolution(x, block, f"conv_transpose{i}")
        x = build.leaky_relu(x, f"activation{i}")
        x = build.style_modulation(x, style, f"style{i}")
    return keras.Model(inputs, build.logits(x, channels, 3), name=name)


def image_decoder(
    num_inputs: int,
    image_shape: Sequence[int],
    size: str = "large",
    *,
    blocks: Sequence[Sequence[int]] | None = None,
    dense_units: Sequence[int] | None = None,
    map_channels: int | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """A plain convolutional decoder, the mirror image of `image_encoder`.

    It has dense layers with ReLU, the last of which is reshaped to a map,
    then blocks of a transposed convolution, an instance normalization and a
    leaky ReLU. A last 1x1 convolution computes the logits.

    Args:
        num_inputs: Width of the input: the latent's `num_outputs`.
        image_shape: `(height, width, channels)`.
        size: `"large"` and `"small"` are the paper's, `"tiny"` is for a CPU.
        blocks: `(width, kernel_size, strides)` of each transposed
            convolution, in place of those of `size`.
        dense_units: Widths of the dense layers, in place of those of `size`.
        map_channels: Channels of the map. Defaults to the width of the first
            block, which equals that of the encoder's last block.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, num_inputs)` to logits
        `(batch, height, width, channels)`, in full precision.

    Raises:
        ValueError: An unknown `size`, or an image whose height or width the
            strides do not divide.
    """
    network = decoder_size(size, blocks, dense_units)
    height, width, channels = _map_size(image_shape, network.blocks)
    map_channels = map_channels or network.blocks[0].width
    build = Blocks(seed, dtype)
    inputs = x = keras.Input((num_inputs,), name="latents")
    for i, units in enumerate(network.dense_units):
        x = build.dense(x, units, f"dense{i}")
    x = build.dense(x, height * width * map_channels, "transition")
    x = keras.layers.Reshape(
        (height, width, map_channels), dtype=build.dtype, name="map"
    )(x)
    for i, block in enumerate(network.blocks):
        x = build.transposed_convolution(x, block, f"conv_transpose{i}")
        x = build.normalization(x, f"norm{i}")
        x = build.leaky_relu(x, f"activation{i}")
    return keras.Model(inputs, build.logits(x, channels, 1), name=name)


def dense_decoder(
    num_inputs: int,
    image_shape: Sequence[int],
    *,
    dense_units: Sequence[int] = (2048, 2048, 2048, 2048),
    seed: int | None = None,
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """A decoder of dense layers, each with layer normalization and ReLU.

    Args:
        num_inputs: Width of the input: the latent's `num_outputs`.
        image_shape: `(height, width, channels)`.
        dense_units: Widths of the hidden layers.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, num_inputs)` to logits
        `(batch, height, width, channels)`, in full precision.
    """
    shape = check_image_shape(image_shape)
    build = Blocks(seed, dtype)
    inputs = x = keras.Input((num_inputs,), name="latents")
    for i, units in enumerate(dense_units):
        x = build.dense_block(x, units, i)
    x = build.head(x, math.prod(shape))
    outputs = keras.layers.Reshape(
        shape, dtype=build.dtype.variable_dtype, name="logits"
    )(x)
    return keras.Model(inputs, outputs, name=name)


def _map_size(
    image_shape: Sequence[int], blocks: Sequence[Any]
) -> tuple[int, int, int]:
    """Height and width of the map a decoder starts from, and the channels."""
    strides = [block.strides for block in blocks]
    height, width, channels = check_image_shape(image_shape, strides)
    factor = math.prod(strides)
    return height // factor, width // factor, channels
