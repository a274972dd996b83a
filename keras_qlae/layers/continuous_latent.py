"""The latent space of a plain autoencoder."""

from typing import Any

import keras
from keras import ops

from keras_qlae.layers.latent import Latent
from keras_qlae.layers.latent import LatentOutputs


@keras.saving.register_keras_serializable(package="keras_qlae")
class ContinuousLatent(Latent):
    """Passes the encoder's output to the decoder unchanged.

    This is the latent space of a plain autoencoder, to compare with
    `ScalarCodebookQuantizer`. It has no losses and no prior. Gradients pass
    through. `codes` are the latents themselves, as floats.

    Args:
        num_latents: Positive integer.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., num_latents)`, float.

    Output shape:
        Same as the input.

    Example:
        >>> latent = ContinuousLatent(num_latents=2)
        >>> latent(keras.ops.array([[-0.5, 2.0]])).shape[-1]
        2

    Raises:
        ValueError: `num_latents` is not a positive integer, or the input has
            another width. `sample` always raises it: there is no prior.
    """

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        z = self._to_latents(inputs)
        return LatentOutputs(ops.cast(z, self.compute_dtype), {}, z)

    def values(self, codes: Any) -> Any:
        return ops.cast(ops.convert_to_tensor(codes), self.compute_dtype)
