"""Two small penalties: one of the batch, one that calls the decoder."""

import keras
from keras import ops

from keras_qlae.penalties import Penalty


@keras.saving.register_keras_serializable(package="tests")
class Spread(Penalty):
    """The variance over the batch of each latent before it is quantized."""

    def compute(self, forward, noise):
        z = forward.latent.scalars(forward.encoded)
        return ops.mean(ops.square(z - ops.mean(z, axis=0)))


@keras.saving.register_keras_serializable(package="tests")
class Bend(Penalty):
    """How much a layer of the decoder bends along a random direction."""

    def __init__(self, taps, step=0.5, weight=1.0, name=None):
        super().__init__(weight, name)
        self.taps = tuple(taps)
        self.step = step

    def draw(self, batch_size, latent, seed):
        shape = (batch_size, latent.num_outputs)
        return keras.random.normal(shape, seed=seed)

    def compute(self, forward, noise):
        z = forward.outputs.outputs
        move = self.step * ops.cast(noise, z.dtype)
        _, taps = forward.decode(ops.concatenate([z + move, z - move]))
        total = 0.0
        for name, at_z in forward.taps.items():
            up, down = ops.split(taps[name], 2)
            bend = up - 2 * at_z + down
            axes = tuple(range(1, len(bend.shape)))
            total = total + ops.mean(ops.square(bend), axis=axes)
        return total

    def get_config(self):
        return {**super().get_config(), "taps": self.taps, "step": self.step}
