"""Tripod's networks: residual, with (conditional) instance normalization."""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras

from keras_qlae.layers.layer_normalization import LayerNormalization
from keras_qlae.layers.space_to_depth import SpaceToDepth
from keras_qlae.networks.blocks import Blocks
from keras_qlae.networks.blocks import Convolution
from keras_qlae.networks.blocks import check_image_shape

EPSILON = 1e-5


class ResidualSize(NamedTuple):
    """Widths of a residual encoder, or of the decoder that mirrors it.

    Attributes:
        widths: Widths of the encoder's stages, then of the final map. A
            decoder has them in reverse, without the first.
        dense_units: The encoder's dense layers.
        style_units: The decoder's dense layers.
        num_residuals: Residual blocks in a stage.
    """

    widths: tuple[int, ...]
    dense_units: tuple[int, ...]
    style_units: tuple[int, ...]
    num_residuals: int


RESIDUAL_SIZES = {
    "large": ResidualSize((32, 64, 128, 256, 512), (512,), (256, 256), 2),
    "tiny": ResidualSize((16, 16, 32, 64), (128,), (64, 64), 1),
}


def residual_image_encoder(
    image_shape: Sequence[int],
    num_outputs: int,
    size: str = "large",
    *,
    widths: Sequence[int] | None = None,
    dense_units: Sequence[int] | None = None,
    num_residuals: int | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """Tripod's encoder.

    Images are scaled to `[-1, 1]`. Each stage has residual blocks, moves each
    2x2 patch into channels, and ends in a 1x1 convolution to the next width.
    The mean over pixels goes through dense layers with a layer normalization
    and a GELU, and a linear head, which is in full precision under a mixed
    policy. A residual block applies a 3x3 convolution, an instance
    normalization and a GELU twice, and adds its input; if the widths differ,
    a 1x1 convolution adapts the input.

    Args:
        image_shape: `(height, width, channels)`.
        num_outputs: Width of the head: the latent's `num_inputs`.
        size: `"large"` is Tripod's, `"tiny"` is for a CPU.
        widths: Width of each stage, then of the final map, in place of those
            of `size`.
        dense_units: Widths of the dense layers, in place of those of `size`.
        num_residuals: Residual blocks in a stage, in place of that of `size`.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, height, width, channels)` images in
        `[0, 1]` to `(batch, num_outputs)`.

    Raises:
        ValueError: `size` is unknown, `widths` are not at least two positive
            integers, or the stages cannot halve the height or width of the
            image.

    Example:
        >>> encoder = residual_image_encoder((16, 16, 3), 4, widths=[8, 8])
        >>> encoder.output_shape
        (None, 4)

    Reference:
        Hsu et al., "Tripod: Three Complementary Inductive Biases for
        Disentangled Representation Learning" (ICML 2024).
    """
    network = _network(
        size,
        widths=widths,
        dense_units=dense_units,
        num_residuals=num_residuals,
    )
    _check_widths(network.widths, 2)
    shape = check_image_shape(image_shape, [2] * (len(network.widths) - 1))
    build = Blocks(seed, dtype)
    inputs = keras.Input(shape, name="images")
    x = keras.layers.Rescaling(2.0, -1.0, dtype=build.dtype, name="rescale")(
        inputs
    )
    for i, width in enumerate(network.widths[:-1]):
        for j in range(network.num_residuals):
            x = _residual_block(build, x, width, f"down{i}_res{j}")
        x = SpaceToDepth(dtype=build.dtype, name=f"down{i}_patches")(x)
        block = Convolution(network.widths[i + 1], 1, 1)
        x = build.convolution(x, block, f"down{i}", use_bias=True)
    x = keras.layers.GlobalAveragePooling2D(
        data_format="channels_last", dtype=build.dtype, name="mean"
    )(x)
    for i, units in enumerate(network.dense_units):
        x = _dense_block(build, x, units, f"dense{i}", f"dense{i}_activation")
    return keras.Model(inputs, build.head(x, num_outputs), name=name)


def residual_image_decoder(
    num_inputs: int,
    image_shape: Sequence[int],
    size: str = "large",
    *,
    widths: Sequence[int] | None = None,
    style_units: Sequence[int] | None = None,
    num_residuals: int | None = None,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """Tripod's decoder: the latents condition blocks that a map goes through.

    Dense layers with a layer normalization and a GELU compute a style from
    the latents. A learned map, the same for all images, starts at 1 and goes
    through stages of residual blocks, a nearest-neighbor upsampling by 2 and
    a 3x3 convolution to the next width; the last one computes the logits. The
    residual blocks are the encoder's, except that the scale (around 1) and
    shift of the normalization are a linear layer of the style.

    A penalty can read the style, the output of the layer `"cond"`, and the
    map after each stage but the last, the outputs of `"block0"`, `"block1"`
    and so on: `decoder.get_layer("block0").output`.

    Args:
        num_inputs: Width of the input: the latent's `num_outputs`.
        image_shape: `(height, width, channels)`.
        size: `"large"` is Tripod's, `"tiny"` is for a CPU.
        widths: Width of each stage, in place of those of `size`.
        style_units: Widths of the dense layers, in place of those of `size`.
        num_residuals: Residual blocks in a stage, in place of that of `size`.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, num_inputs)` to logits
        `(batch, height, width, channels)`, in full precision.

    Raises:
        ValueError: `size` is unknown, `widths` are not positive integers,
            `style_units` is empty, or the height or width of the image is not
            a multiple of 2 to the power of the number of stages.

    Example:
        >>> decoder = residual_image_decoder(4, (16, 16, 3), widths=[8, 8])
        >>> decoder.get_layer("block0").output.shape
        (None, 8, 8, 8)

    Reference:
        Hsu et al., "Tripod: Three Complementary Inductive Biases for
        Disentangled Representation Learning" (ICML 2024).
    """
    named = _network(size, style_units=style_units, num_residuals=num_residuals)
    widths = tuple(reversed(named.widths[1:])) if widths is None else widths
    _check_widths(widths, 1)
    if not named.style_units:
        raise ValueError(
            "`style_units` must have at least one width: the style is the "
            f"last dense layer. Received: style_units={style_units!r}"
        )
    shape = check_image_shape(image_shape, [2] * len(widths))
    factor = 2 ** len(widths)
    map_shape = (shape[0] // factor, shape[1] // factor, widths[0])
    build = Blocks(seed, dtype)
    inputs = style = keras.Input((num_inputs,), name="latents")
    last = len(named.style_units) - 1
    for i, units in enumerate(named.style_units):
        output_name = "cond" if i == last else f"cond{i}_activation"
        style = _dense_block(build, style, units, f"cond{i}", output_name)
    x = build.learned_map(inputs, map_shape, "map", initial_value=1.0)
    for i, width in enumerate(widths):
        for j in range(named.num_residuals):
            x = _residual_block(build, x, width, f"up{i}_res{j}", style)
        x = keras.layers.UpSampling2D(
            2, data_format="channels_last", dtype=build.dtype, name=f"up{i}"
        )(x)
        if i + 1 < len(widths):
            block = Convolution(widths[i + 1], 3, 1)
            x = build.convolution(x, block, f"block{i}", use_bias=True)
    logits = build.logits(x, shape[2], 3, use_bias=True)
    return keras.Model(inputs, logits, name=name)


def _residual_block(
    build: Blocks, x: Any, width: int, name: str, style: Any = None
) -> Any:
    """Two convolutions, normalized with or without a style, plus `x`."""
    identity = x
    if x.shape[-1] != width:
        block = Convolution(width, 1, 1)
        identity = build.convolution(
            x, block, f"{name}_identity", use_bias=True
        )
    for i in range(2):
        block = Convolution(width, 3, 1)
        x = build.convolution(x, block, f"{name}_conv{i}", use_bias=True)
        if style is None:
            x = build.normalization(x, f"{name}_norm{i}", EPSILON)
        else:
            x = build.style_modulation(
                x,
                style,
                f"{name}_style{i}",
                EPSILON,
                activation="linear",
                scale_offset=1.0,
            )
        x = build.gelu(x, f"{name}_activation{i}")
    return keras.layers.Add(dtype=build.dtype, name=name)([x, identity])


def _dense_block(
    build: Blocks, x: Any, units: int, name: str, output_name: str
) -> Any:
    x = build.dense(x, units, name, activation=None)
    x = LayerNormalization(EPSILON, dtype=build.dtype, name=f"{name}_norm")(x)
    return build.gelu(x, output_name)


def _network(size: str, **given: Any) -> ResidualSize:
    """The named size; what is given replaces its values."""
    if size not in RESIDUAL_SIZES:
        raise ValueError(
            f"`size` must be one of {', '.join(map(repr, RESIDUAL_SIZES))}; "
            "for any other size pass `widths` and the like. "
            f"Received: size={size!r}"
        )
    given = {name: value for name, value in given.items() if value is not None}
    return RESIDUAL_SIZES[size]._replace(**given)


def _check_widths(widths: Sequence[int], least: int) -> None:
    if len(widths) < least or not all(
        isinstance(n, int) and n > 0 for n in widths
    ):
        raise ValueError(
            f"`widths` must be at least {least} positive integers. "
            f"Received: widths={widths!r}"
        )
