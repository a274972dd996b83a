"""A latent space of your own.

A latent is a layer between encoder and decoder, with its own losses. This one
is binary: every latent is -1 or 1. Derive from `Latent`, register the class
with Keras so that saved models can be loaded, and run the command in the folder
of this file:

    keras-qlae train --latent my_latent:BinaryLatent
    keras-qlae train --latent my_latent:BinaryLatent --pull-weight 0.1

Every argument with a plain value is a setting: it is an option of the
command, it is written to `config.json`, and it can be searched.
"""

import keras
from keras import ops

from keras_qlae.layers import Latent
from keras_qlae.layers.latent import LatentOutputs


@keras.saving.register_keras_serializable(package="my_latent")
class BinaryLatent(Latent):
    """Snaps each latent to -1 or 1.

    The gradient passes to the input unchanged (straight-through). The pull
    loss, the mean of `(input - value)**2`, keeps inputs near their values.

    Args:
        num_latents: Positive integer.
        pull_weight: Weight of the pull loss.
        **kwargs: Passed to `keras.layers.Layer`.
    """

    is_discrete = True

    def __init__(
        self, num_latents: int, pull_weight: float = 0.01, **kwargs
    ) -> None:
        super().__init__(num_latents, **kwargs)
        self.pull_weight = pull_weight
        self.codebook_sizes = (2,) * self.num_latents

    @property
    def loss_weights(self) -> dict[str, float]:
        return {"pull_loss": self.pull_weight}

    def compute(self, inputs, training=None, noise=None) -> LatentOutputs:
        z = ops.convert_to_tensor(inputs)
        codes = self.codes(z)
        values = self.values(codes)
        losses = {"pull_loss": ops.mean(ops.square(z - values), axis=-1)}
        outputs = values + (z - ops.stop_gradient(z))
        return LatentOutputs(outputs, losses, codes)

    def codes(self, inputs):
        return ops.cast(ops.convert_to_tensor(inputs) > 0, "int32")

    def values(self, codes):
        return 2 * ops.cast(codes, self.compute_dtype) - 1

    def sample_codes(self, batch_size, seed=None):
        shape = (batch_size, self.num_latents)
        return keras.random.randint(shape, 0, 2, dtype="int32", seed=seed)

    def get_config(self) -> dict:
        return {**super().get_config(), "pull_weight": self.pull_weight}
