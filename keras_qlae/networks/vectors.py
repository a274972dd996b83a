"""Encoders and decoders (functional API) of vectors."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_qlae.layers.standardization import Standardization
from keras_qlae.networks.blocks import Blocks


def vector_encoder(
    image_shape: Sequence[int],
    num_outputs: int,
    *,
    dense_units: Sequence[int] = (256, 256),
    mean: Sequence[float] | None = None,
    scale: Sequence[float] | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """An encoder of vectors with dense layers.

    Vectors are standardized and sequences of vectors are flattened. Dense
    layers follow, each with layer normalization and ReLU, and a linear head.

    Args:
        image_shape: Shape of an example, `(width,)` or `(length, width)`.
        num_outputs: Width of the head: the latent's `num_inputs`.
        dense_units: Widths of the hidden layers.
        mean: The mean of each of the `width` values, which is subtracted. A
            run uses the means of its training data. Defaults to 0.
        scale: The standard deviations, by which the result is divided.
            Defaults to 1.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one. Vectors are
            standardized in full precision.
        name: Name of the model.

    Returns:
        A functional model from `(batch, *image_shape)`, in the units of the
        data, to `(batch, num_outputs)`.

    Raises:
        ValueError: An example that is an image, or numbers that do not fit.
    """
    shape = _check_shape(image_shape)
    build = Blocks(seed, dtype)
    inputs = x = keras.Input(shape, name="vectors")
    x = _standardization(build, shape[-1], mean, scale)(x)
    if len(shape) > 1:
        x = keras.layers.Reshape((math.prod(shape),), dtype=build.dtype)(x)
    for i, units in enumerate(dense_units):
        x = build.dense_block(x, units, i)
    return keras.Model(inputs, build.head(x, num_outputs), name=name)


def vector_decoder(
    num_inputs: int,
    image_shape: Sequence[int],
    *,
    dense_units: Sequence[int] = (256, 256),
    mean: Sequence[float] | None = None,
    scale: Sequence[float] | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """A decoder of vectors, the mirror image of `vector_encoder`.

    Args:
        num_inputs: Width of the input: the latent's `num_outputs`.
        image_shape: As in `vector_encoder`.
        dense_units: Widths of the hidden layers.
        mean: As in `vector_encoder`, of the outputs.
        scale: As in `vector_encoder`, of the outputs.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, num_inputs)` to means
        `(batch, *image_shape)` of a Gaussian likelihood, in the units of the
        data and in full precision.

    Raises:
        ValueError: As in `vector_encoder`.
    """
    shape = _check_shape(image_shape)
    build = Blocks(seed, dtype)
    inputs = x = keras.Input((num_inputs,), name="latents")
    for i, units in enumerate(dense_units):
        x = build.dense_block(x, units, i)
    x = build.head(x, math.prod(shape))
    if len(shape) > 1:
        x = keras.layers.Reshape(shape, dtype=build.dtype.variable_dtype)(x)
    outputs = _standardization(build, shape[-1], mean, scale, invert=True)(x)
    return keras.Model(inputs, outputs, name=name)


def _check_shape(image_shape: Sequence[int]) -> tuple[int, ...]:
    shape = tuple(image_shape)
    if len(shape) == 3:
        raise ValueError(
            "The data are images, but this network is for vectors: use "
            "recipe=qlae, or encoder=dense_encoder and decoder=dense_decoder. "
            f"Received: image_shape={shape}"
        )
    if len(shape) not in (1, 2) or not all(
        isinstance(n, int) and n > 0 for n in shape
    ):
        raise ValueError(
            "`image_shape` must be that of a vector, (width,), or of a "
            "sequence of them, (length, width), positive integers. Received: "
            f"image_shape={image_shape!r}"
        )
    return shape


def _standardization(
    build: Blocks,
    width: int,
    mean: Sequence[float] | None,
    scale: Sequence[float] | None,
    invert: bool = False,
) -> keras.layers.Layer:
    """To mean 0 and deviation 1, or back, in full precision."""
    return Standardization(
        [0.0] * width if mean is None else mean,
        [1.0] * width if scale is None else scale,
        invert=invert,
        dtype=build.dtype.variable_dtype,
        name="standardization",
    )
