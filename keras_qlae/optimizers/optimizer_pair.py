"""Two optimizers as one, such as those of a GAN."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_qlae")
class OptimizerPair(keras.optimizers.Optimizer):
    """Two optimizers that Keras sees as one.

    Keras saves the state of a single optimizer per model. The variables of a
    pair are those of both optimizers, so that training on JAX, saving and
    resuming include both. The pair updates nothing itself: a train step uses
    `critic` and `generator`. Setting its learning rate, as schedules in
    callbacks do, scales the rates of both by the same factor.

    Args:
        critic: Optimizer of the critic and the encoder; in a `FactorVAE`, of
            the discriminator.
        generator: Optimizer of the generator and the codebooks; in a
            `FactorVAE`, of encoder, latent and decoder.
        name: Name of the optimizer.
    """

    def __init__(
        self,
        critic: keras.optimizers.Optimizer,
        generator: keras.optimizers.Optimizer,
        name: str = "optimizer_pair",
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        self._ratio = 1.0  # generator's learning rate / critic's
        self.critic = keras.optimizers.get(critic)
        self.generator = keras.optimizers.get(generator)
        if self.critic is self.generator:
            raise ValueError(
                "`critic` and `generator` must be two optimizers, each with "
                "its own state. Received: one optimizer for both"
            )

    def build_both(
        self,
        critic_variables: Sequence[Any],
        generator_variables: Sequence[Any],
    ) -> None:
        """Builds each optimizer for its variables."""
        super().build([])
        self.critic.build(critic_variables)
        self.generator.build(generator_variables)

    def build(self, variables: Sequence[Any]) -> None:
        """Does nothing: `build_both` builds the optimizers."""

    @property
    def variables(self) -> list[Any]:
        return [
            *super().variables,
            *self.critic.variables,
            *self.generator.variables,
        ]

    @property
    def learning_rate(self) -> Any:
        return self.critic.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        critic, generator = (
            float(ops.convert_to_numpy(optimizer.learning_rate))
            for optimizer in (self.critic, self.generator)
        )
        if critic:  # a critic's rate of 0 keeps the previous ratio
            self._ratio = generator / critic
        self.critic.learning_rate = float(learning_rate)
        self.generator.learning_rate = self._ratio * float(learning_rate)

    def save_own_variables(self, store: Any) -> None:
        # Keras saves the two optimizers separately.
        for i, variable in enumerate(super().variables):
            store[str(i)] = ops.convert_to_numpy(variable)

    def load_own_variables(self, store: Any) -> None:
        for i, variable in enumerate(super().variables):
            variable.assign(store[str(i)])

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "critic": keras.saving.serialize_keras_object(self.critic),
            "generator": keras.saving.serialize_keras_object(self.generator),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> "OptimizerPair":
        parts = {
            part: keras.saving.deserialize_keras_object(
                config[part], custom_objects=custom_objects
            )
            for part in ("critic", "generator")
        }
        return cls(**parts, name=config["name"])
