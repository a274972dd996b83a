"""The network that distinguishes latents from shuffled latents."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_qlae.networks.blocks import Blocks


def discriminator(
    width: int,
    dense_units: Sequence[int],
    seed: int | None = None,
    dtype: Any = None,
) -> keras.Model:
    """FactorVAE's discriminator: dense layers with leaky ReLU, two logits.

    Args:
        width: Width of the input.
        dense_units: Widths of the hidden layers.
        seed: Integer, for repeatable initial weights.
        dtype: Dtype policy. Defaults to the global one.

    Returns:
        A functional model from `(batch, width)` to logits `(batch, 2)` in
        full precision.
    """
    build = Blocks(seed, dtype)
    inputs = x = keras.Input((width,), name="parts")
    for i, units in enumerate(dense_units):
        x = build.dense(x, units, f"dense{i}", activation=None)
        x = build.leaky_relu(x, f"activation{i}")
    return keras.Model(inputs, build.head(x, 2), name="discriminator")
