"""What the critic and the generator of an InfoGAN lower: pure functions."""

from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.latent import Latent


class WassersteinLosses:
    """The losses of an InfoGAN with a Wasserstein critic.

    They change nothing, and what they draw is given: noise can be injected. A
    model derives from it and sets the networks and the weights. The formulas
    are those of `InfoWGANGP`.
    """

    generator: keras.Model
    trunk: keras.Model
    latent: Latent
    value_weight: float
    gradient_weight: float
    latent_weight: float
    variable_dtype: str

    def critic_losses(
        self, x: Any, z: Any, epsilon: Any, training: bool = True
    ) -> dict[str, Any]:
        """The losses of a critic update; changes nothing.

        Args:
            x: Images `(batch, height, width, channels)` in `[0, 1]`.
            z: Decoder inputs `(batch, latent.num_outputs)`.
            epsilon: `(batch,)` in `[0, 1]`, the real image's share in the
                interpolation.
            training: Whether in training mode.

        Returns:
            Scalars by name, unweighted, but for their weighted sum
            `critic_loss`.
        """
        fake = ops.stop_gradient(self._generate(z, training))
        latents, fake_values = self._encode_and_judge(fake, training)
        _, real_values = self._encode_and_judge(x, training)
        epsilon = ops.reshape(epsilon, (-1, 1, 1, 1))
        norms = self._gradient_norms(epsilon * x + (1 - epsilon) * fake)
        losses = {
            "value_loss": backend.mean(fake_values) - backend.mean(real_values),
            "gradient_loss": backend.mean(ops.square(norms - 1)),
            **self._latent_losses(latents, ops.stop_gradient(z), training),
        }
        total = self.gradient_weight * losses["gradient_loss"]
        total = total + self._weighted(losses)
        norm = backend.mean(norms)
        return {"critic_loss": total, "gradient_norm": norm, **losses}

    def generator_losses(self, z: Any, training: bool = True) -> dict[str, Any]:
        """The losses of a generator update; changes nothing.

        Args:
            z: Decoder inputs `(batch, latent.num_outputs)`.
            training: Whether in training mode.

        Returns:
            Scalars by name, unweighted, but for their weighted sum
            `generator_loss`.
        """
        fake = self._generate(z, training)
        latents, values = self._encode_and_judge(fake, training)
        losses = {
            "value_loss": -backend.mean(values),
            **self._latent_losses(latents, z, training),
        }
        return {"generator_loss": self._weighted(losses), **losses}

    def _generate(self, z: Any, training: bool) -> Any:
        logits = self.generator(z, training=training)
        return ops.sigmoid(ops.cast(logits, self.variable_dtype))

    def _encode_and_judge(self, images: Any, training: bool) -> Any:
        latents, values = self.trunk(images, training=training)
        return latents, ops.cast(values, self.variable_dtype)

    def _gradient_norms(self, images: Any) -> Any:
        """The norm of the critic's gradient at each image."""
        gradient = backend.input_gradient(
            lambda x: self._encode_and_judge(x, training=True)[1],
            images,
            self.trunk.variables,
        )
        square = ops.sum(ops.square(gradient), axis=(1, 2, 3))
        # The root has no second derivative at 0.
        return ops.sqrt(square + 1e-12)

    def _latent_losses(
        self, latents: Any, z: Any, training: bool
    ) -> dict[str, Any]:
        """How far the recovered latents are from those drawn."""
        result = self.latent.compute(latents, training=training)
        recovered = ops.cast(result.outputs, z.dtype)
        return {
            "latent_loss": backend.mean(ops.square(recovered - z)),
            **{
                name: backend.mean(loss) for name, loss in result.losses.items()
            },
        }

    def _weighted(self, losses: dict[str, Any]) -> Any:
        """Value, latent and the latent's own losses, weighted."""
        weights = {
            "value_loss": self.value_weight,
            "latent_loss": self.latent_weight,
            **self.latent.loss_weights,
        }
        return sum(
            weight * ops.cast(losses[name], self.variable_dtype)
            for name, weight in weights.items()
        )
