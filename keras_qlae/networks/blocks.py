"""The building blocks of encoders and decoders."""

import itertools
import math
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras
import numpy as np

from keras_qlae.layers.conv2d import Conv2D
from keras_qlae.layers.conv2d_transpose import Conv2DTranspose
from keras_qlae.layers.instance_normalization import InstanceNormalization
from keras_qlae.layers.layer_normalization import LayerNormalization
from keras_qlae.layers.learned_map import LearnedMap
from keras_qlae.layers.style_modulation import StyleModulation

LEAKY_SLOPE = 0.2
EPSILON = 1e-6


class Convolution(NamedTuple):
    """One convolution, plain or transposed, with 'same' padding.

    The kernel is a square. Strides shrink (or grow) height and width.
    """

    width: int
    kernel_size: int
    strides: int


class Blocks:
    """Adds blocks to a functional graph, with the paper's initializers.

    Kernels and biases start uniform in ±1/sqrt(fan_in), where the fan-in of
    their layer is inputs times kernel area. It is computed here because
    Keras' `VarianceScaling` is wrong for transposed convolutions, whose
    inputs are the last axis of the kernel, and for biases, which have no
    fan-in of their own.

    Args:
        seed: Integer, from which every variable gets its own seed. `None`
            leaves the seeds to Keras (`keras.utils.set_random_seed`).
        dtype: Dtype policy of the layers, its name, or `None` for the global
            one.
    """

    def __init__(self, seed: int | None, dtype: Any) -> None:
        self.dtype = keras.dtype_policies.get(
            dtype or keras.config.dtype_policy()
        )
        self._seeds = None if seed is None else np.random.default_rng(seed)

    def uniform(self, fan_in: int) -> keras.initializers.Initializer:
        """An initializer, uniform in ±1/sqrt(fan_in), with its own seed."""
        limit = 1 / math.sqrt(fan_in)
        seed = None if self._seeds is None else int(self._seeds.integers(2**31))
        return keras.initializers.RandomUniform(-limit, limit, seed=seed)

    def bias(self, fan_in: int) -> Any:
        """The initializer of a bias."""
        return self.uniform(fan_in)

    def dense(
        self,
        x: Any,
        units: int,
        name: str,
        activation: str | None = "relu",
        dtype: Any = None,
    ) -> Any:
        """A dense layer."""
        fan_in = x.shape[-1]
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=self.uniform(fan_in),
            bias_initializer=self.bias(fan_in),
            dtype=dtype or self.dtype,
            name=name,
        )(x)

    def gelu(self, x: Any, name: str) -> Any:
        """The activation of residual networks, an approximate GELU."""
        return keras.layers.Activation(
            approximate_gelu, dtype=self.dtype, name=name
        )(x)

    def dense_block(self, x: Any, units: int, i: int) -> Any:
        """A dense layer, a layer normalization and a ReLU."""
        x = self.dense(x, units, f"dense{i}", activation=None)
        x = LayerNormalization(1e-5, dtype=self.dtype, name=f"norm{i}")(x)
        return keras.layers.ReLU(dtype=self.dtype, name=f"activation{i}")(x)

    def head(self, x: Any, units: int, name: str = "head") -> Any:
        """A linear layer in full precision under every policy."""
        dtype = self.dtype.variable_dtype
        return self.dense(x, units, name, activation=None, dtype=dtype)

    def convolution(
        self,
        x: Any,
        block: Convolution,
        name: str,
        use_bias: bool = False,
        dtype: Any = None,
    ) -> Any:
        """A convolution."""
        fan_in = x.shape[-1] * block.kernel_size**2
        return Conv2D(
            block.width,
            block.kernel_size,
            strides=block.strides,
            padding="same",
            use_bias=use_bias,
            kernel_initializer=self.uniform(fan_in),
            bias_initializer=self.bias(fan_in) if use_bias else "zeros",
            data_format="channels_last",
            dtype=dtype or self.dtype,
            name=name,
        )(x)

    def transposed_convolution(
        self, x: Any, block: Convolution, name: str
    ) -> Any:
        """A transposed convolution without bias."""
        fan_in = x.shape[-1] * block.kernel_size**2
        return Conv2DTranspose(
            block.width,
            block.kernel_size,
            strides=block.strides,
            padding="same",
            use_bias=False,
            kernel_initializer=self.uniform(fan_in),
            data_format="channels_last",
            dtype=self.dtype,
            name=name,
        )(x)

    def normalization(self, x: Any, name: str, epsilon: float = EPSILON) -> Any:
        """An instance normalization with scale and bias."""
        return InstanceNormalization(epsilon, dtype=self.dtype, name=name)(x)

    def leaky_relu(self, x: Any, name: str) -> Any:
        """The activation after convolutions."""
        return keras.layers.LeakyReLU(LEAKY_SLOPE, dtype=self.dtype, name=name)(
            x
        )

    def style_modulation(
        self,
        x: Any,
        style: Any,
        name: str,
        epsilon: float = EPSILON,
        **kwargs: Any,
    ) -> Any:
        """A normalization whose scale and shift come from a style."""
        fan_in = style.shape[-1]
        return StyleModulation(
            epsilon,
            kernel_initializer=self.uniform(fan_in),
            bias_initializer=self.uniform(fan_in),
            dtype=self.dtype,
            name=name,
            **kwargs,
        )(x, style)

    def learned_map(
        self,
        x: Any,
        shape: tuple[int, ...],
        name: str,
        initial_value: float = 0.1,
    ) -> Any:
        """The learned constant of a style decoder."""
        return LearnedMap(shape, initial_value, dtype=self.dtype, name=name)(x)

    def logits(
        self, x: Any, channels: int, kernel_size: int, use_bias: bool = False
    ) -> Any:
        """The last convolution, in full precision under every policy."""
        block = Convolution(channels, kernel_size, 1)
        dtype = self.dtype.variable_dtype
        return self.convolution(x, block, "conv_out", use_bias, dtype)


@keras.saving.register_keras_serializable(package="keras_qlae")
def approximate_gelu(x: Any) -> Any:
    """Approximates GELU by `x / 2 * (1 + tanh(u))`.

    Here `u = sqrt(2 / pi) * (x + 0.044715 * x**3)`. It is computed as
    `x * sigmoid(2 * u)`, which is equal and takes fewer operations.
    `keras.ops.gelu` is not used: on TensorFlow it rounds the constants to
    float32.
    """
    cubic = x * (1 + 0.044715 * keras.ops.square(x))
    return x * keras.ops.sigmoid(math.sqrt(8 / math.pi) * cubic)


def check_image_shape(
    image_shape: Sequence[int], strides: Sequence[int] = ()
) -> tuple[int, int, int]:
    """Returns the image shape as a tuple, after a check with the strides.

    Their product must divide height and width.
    """
    shape = tuple(image_shape)
    if len(shape) in (1, 2):
        raise ValueError(
            "The data are vectors, but this network is for images: use "
            "recipe=qlae-vectors, or encoder=vector_encoder, "
            "decoder=vector_decoder and likelihood=gaussian. If they are grey "
            "images, give them a channel axis, `images[..., None]`. "
            f"Received: image_shape={shape}"
        )
    if len(shape) != 3 or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ValueError(
            "`image_shape` must be (height, width, channels), three positive "
            f"integers. Received: image_shape={image_shape!r}"
        )
    factor = math.prod(strides)
    if shape[0] % factor or shape[1] % factor:
        odd = shape[0] if shape[0] % factor else shape[1]
        near = [n for n in (odd // factor, odd // factor + 1) if n]
        fitting = " or ".join(str(n * factor) for n in near)
        raise ValueError(
            f"The strides of the network shrink an image {factor} times, so "
            f"its height and width must be multiples of {factor}: {fitting} "
            f"instead of {odd}. Resize the images (`image_size`) or pass "
            "other `blocks`. "
            f"Received: image_shape={shape}, strides={tuple(strides)}"
        )
    return shape


def blocks_from(
    widths: Sequence[int], kernel_sizes: Sequence[int], strides: Sequence[int]
) -> tuple[Convolution, ...]:
    """Convolutions of the given widths; kernels and strides are cycled."""
    return tuple(
        Convolution(*block)
        for block in zip(
            widths, itertools.cycle(kernel_sizes), itertools.cycle(strides)
        )
    )
