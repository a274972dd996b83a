"""FactorQVAE's networks: those of DALL-E's discrete autoencoder, smaller."""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras

from keras_qlae.networks.blocks import Blocks
from keras_qlae.networks.blocks import Convolution
from keras_qlae.networks.blocks import check_image_shape

_STDDEV = 0.02
_MAP_CHANNELS = 64  # of the map that a decoder starts from
_MEAN = 0.5  # of a pixel; subtracted from the images


class DvaeSize(NamedTuple):
    """Widths of an encoder, or of the decoder that mirrors it.

    Attributes:
        widths: Widths of the groups of residual blocks; reversed in a
            decoder.
        dense_units: The encoder's dense layers.
        num_residuals: Residual blocks in a group.
    """

    widths: tuple[int, ...]
    dense_units: tuple[int, ...]
    num_residuals: int


DVAE_SIZES = {
    "large": DvaeSize((128, 256, 512), (128, 128), 2),
    "tiny": DvaeSize((16, 32, 64), (64,), 1),
}


def dvae_image_encoder(
    image_shape: Sequence[int],
    num_outputs: int,
    size: str = "large",
    *,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """FactorQVAE's encoder.

    0.5 is subtracted from the images. A 3x3 convolution is followed by groups
    of residual blocks with a 2x2 max-pooling between groups. The last map
    goes through dense layers and a linear head, each after a ReLU; the head
    is in full precision under a mixed policy. A residual block adds a path to
    its input; if the widths differ, a 1x1 convolution adapts the input. The
    path has four convolutions, each after a ReLU, with kernels of 3, 3, 3 and
    1 and a quarter of the width inside. It is divided by the square of the
    number of blocks. Kernels start normal with standard deviation 0.02,
    biases at 0.

    Args:
        image_shape: `(height, width, channels)`.
        num_outputs: Width of the head: the latent's `num_inputs`.
        size: `"large"` is FactorQVAE's, `"tiny"` is for a CPU.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, height, width, channels)` images in
        `[0, 1]` to `(batch, num_outputs)`.

    Raises:
        ValueError: An unknown `size`, or an image whose height or width is
            not a multiple of 4.

    Reference:
        Baykal et al., "Disentanglement with Factor Quantized Variational
        Autoencoders" (arXiv 2409.14851); Ramesh et al., "Zero-Shot
        Text-to-Image Generation" (arXiv 2102.12092).
    """
    network = _network(size)
    shape = check_image_shape(image_shape, [2] * (len(network.widths) - 1))
    build = _Normal(seed, dtype)
    inputs = keras.Input(shape, name="images")
    x = build.shift(inputs, -_MEAN, "centre")
    block = Convolution(network.widths[0], 3, 1)
    x = build.convolution(x, block, "conv_in", use_bias=True)
    for i, width in enumerate(network.widths):
        if i:
            pool = f"pool{i}"
            x = keras.layers.MaxPooling2D(
                2, data_format="channels_last", dtype=build.dtype, name=pool
            )(x)
        x = _group(build, x, width, f"down{i}", network, (3, 3, 3, 1))
    x = keras.layers.Flatten(dtype=build.dtype, name="flatten")(x)
    for i, units in enumerate(network.dense_units):
        x = build.relu(x, f"dense{i}_activation")
        x = build.dense(x, units, f"dense{i}", activation=None)
    x = build.relu(x, "head_activation")
    return keras.Model(inputs, build.head(x, num_outputs), name=name)


def dvae_image_decoder(
    num_inputs: int,
    image_shape: Sequence[int],
    size: str = "large",
    *,
    seed: int | None = None,
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """FactorQVAE's decoder, the mirror image of `dvae_image_encoder`.

    A dense layer makes a map of 64 channels with a quarter of the image's
    height and width. It goes through groups of residual blocks like the
    encoder's, but with kernels of 1, 3, 3 and 3, and a nearest-neighbor
    upsampling by 2 between groups. A ReLU and a 1x1 convolution, plus 0.5,
    give the outputs without an activation: pixel values for a Gaussian
    likelihood.

    Args:
        num_inputs: Width of the input: the latent's `num_outputs`.
        image_shape: `(height, width, channels)`.
        size: `"large"` is FactorQVAE's, `"tiny"` is for a CPU.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.
        name: Name of the model.

    Returns:
        A functional model from `(batch, num_inputs)` to `(batch, height,
        width, channels)`, in full precision.

    Raises:
        ValueError: An unknown `size`, or an image whose height or width is
            not a multiple of 4.

    Reference:
        As in `dvae_image_encoder`.
    """
    network = _network(size)
    strides = [2] * (len(network.widths) - 1)
    shape = check_image_shape(image_shape, strides)
    factor = 2 ** len(strides)
    height, width = shape[0] // factor, shape[1] // factor
    build = _Normal(seed, dtype)
    inputs = keras.Input((num_inputs,), name="latents")
    x = build.dense(
        inputs, height * width * _MAP_CHANNELS, "transition", activation=None
    )
    x = keras.layers.Reshape(
        (height, width, _MAP_CHANNELS), dtype=build.dtype, name="map"
    )(x)
    for i, channels in enumerate(reversed(network.widths)):
        if i:
            x = keras.layers.UpSampling2D(
                2, data_format="channels_last", dtype=build.dtype, name=f"up{i}"
            )(x)
        x = _group(build, x, channels, f"block{i}", network, (1, 3, 3, 3))
    x = build.relu(x, "activation")
    x = build.logits(x, shape[2], 1, use_bias=True)
    outputs = build.shift(x, _MEAN, "pixels", build.dtype.variable_dtype)
    return keras.Model(inputs, outputs, name=name)


class _Normal(Blocks):
    """Blocks with kernels normal at the start, and biases at 0."""

    def uniform(self, fan_in: int) -> keras.initializers.Initializer:
        seed = None if self._seeds is None else int(self._seeds.integers(2**31))
        return keras.initializers.RandomNormal(stddev=_STDDEV, seed=seed)

    def bias(self, fan_in: int) -> Any:
        return "zeros"

    def relu(self, x: Any, name: str) -> Any:
        return keras.layers.ReLU(dtype=self.dtype, name=name)(x)

    def shift(self, x: Any, offset: float, name: str, dtype: Any = None) -> Any:
        return keras.layers.Rescaling(
            1.0, offset, dtype=dtype or self.dtype, name=name
        )(x)


def _group(
    build: _Normal,
    x: Any,
    width: int,
    name: str,
    network: DvaeSize,
    kernel_sizes: Sequence[int],
) -> Any:
    """Residual blocks one after another."""
    gain = (len(network.widths) * network.num_residuals) ** -2
    for j in range(network.num_residuals):
        at = f"{name}_res{j}"
        identity = path = x
        if x.shape[-1] != width:
            identity = build.convolution(
                x, Convolution(width, 1, 1), f"{at}_identity", use_bias=True
            )
        for k, kernel_size in enumerate(kernel_sizes):
            inner = width if k == len(kernel_sizes) - 1 else width // 4
            path = build.relu(path, f"{at}_activation{k}")
            path = build.convolution(
                path,
                Convolution(inner, kernel_size, 1),
                f"{at}_conv{k}",
                use_bias=True,
            )
        path = keras.layers.Rescaling(
            gain, dtype=build.dtype, name=f"{at}_gain"
        )(path)
        x = keras.layers.Add(dtype=build.dtype, name=at)([identity, path])
    return x


def _network(size: str) -> DvaeSize:
    if size not in DVAE_SIZES:
        raise ValueError(
            f"`size` must be one of {', '.join(map(repr, DVAE_SIZES))}. "
            f"Received: size={size!r}"
        )
    return DVAE_SIZES[size]
