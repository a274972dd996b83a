"""A forward pass without a model: latents given, a decoder if wanted."""

import keras
import numpy as np
from keras import ops

from keras_qlae.models.tapped import tapped
from keras_qlae.penalties import ForwardPass

# The example of the golden values: 6 examples of 3 latents.
_row, _column = np.meshgrid(np.arange(6), np.arange(3), indexing="ij")
ENCODED = 1.5 * np.sin(1 + 0.7 * _row + 1.3 * _column**2)


def grid(encoded):
    """The output of a `FiniteScalarQuantizer` of 12 values."""
    return 2 / 11 * np.round((np.tanh(encoded) + 1) * 11 / 2) - 1


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def forward_pass(latent, encoded, decoder=None, taps=()):
    """What a penalty sees of `encoded`, in training mode.

    Without a decoder there is nothing to decode.
    """
    encoded = ops.convert_to_tensor(encoded)
    outputs = latent.compute(encoded, training=True)
    logits, at, decode, tap = None, {}, None, None
    if decoder is not None:
        network = tapped(decoder, taps)

        def decode(values):
            return network.whole(values, True)

        def tap(values):
            return network.taps(values, True)

        logits, at = decode(outputs.outputs)
    return ForwardPass(
        images=None,
        encoded=encoded,
        latent=latent,
        outputs=outputs,
        logits=logits,
        taps=at,
        decode=decode,
        tap=tap,
    )


class Function(keras.layers.Layer):
    """A layer that is any function of latents, to a vector."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, z):
        return ops.stack(self.function(*ops.unstack(z, axis=-1)), axis=-1)

    def compute_output_spec(self, z):
        zeros = [np.zeros(1)] * z.shape[-1]
        width = len(self.function(*zeros))
        return keras.KerasTensor((z.shape[0], width), dtype=z.dtype)


def decoder_of(function, num_latents):
    """A decoder whose layer `"tap"` is a function of the latents."""
    inputs = keras.Input((num_latents,))
    return keras.Model(inputs, Function(function, name="tap")(inputs))


class Latents(keras.layers.Layer):
    """Encoded values as a variable, to differentiate by."""

    def __init__(self, values):
        super().__init__(dtype=values.dtype)
        self.values = self.add_weight(
            shape=values.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(
                values, dtype
            ),
        )
