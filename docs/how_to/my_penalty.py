r"""A penalty of your own.

A penalty is a loss that belongs to no single layer. It may use the whole batch
and call the decoder again. This one is small if a small step along one latent,
chosen at random, changes the image little.

    keras-qlae train --penalties my_penalty:Smoothness --weight 0.1
    keras-qlae train --penalties my_penalty:Smoothness \
        --Smoothness.step 0.05

The penalty is logged under its name in snake case, `smoothness`.
"""

import keras
from keras import ops

from keras_qlae.penalties import Penalty


@keras.saving.register_keras_serializable(package="my_penalty")
class Smoothness(Penalty):
    """Mean squared change of the logits after a step along one latent.

    Gradients reach the decoder, and the encoder through the latents.

    Args:
        weight: Finite number of at least 0.
        step: Positive number, length of the step.
        name: Name in the logs.
    """

    def __init__(
        self, weight: float = 0.1, step: float = 0.1, name: str | None = None
    ) -> None:
        super().__init__(weight, name)
        self.step = step

    def draw(self, batch_size, latent, seed):
        width = latent.num_outputs
        chosen = keras.random.randint((batch_size,), 0, width, seed=seed)
        return ops.one_hot(chosen, width)

    def compute(self, forward, noise):
        values = forward.outputs.outputs
        moved = values + self.step * ops.cast(noise, values.dtype)
        logits, _ = forward.decode(moved)
        change = ops.square((logits - forward.logits) / self.step)
        return ops.mean(ops.reshape(change, (ops.shape(change)[0], -1)), axis=1)

    def get_config(self):
        return {**super().get_config(), "step": self.step}
