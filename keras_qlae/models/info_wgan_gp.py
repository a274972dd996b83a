"""The InfoGAN: a Wasserstein GAN whose encoder must recover the codes."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_count
from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.latent import Latent
from keras_qlae.models.checks import check_networks
from keras_qlae.models.checks import check_no_losses
from keras_qlae.models.checks import check_same_images
from keras_qlae.models.checks import check_trunk
from keras_qlae.models.checks import check_width
from keras_qlae.models.image_model import ImageModel
from keras_qlae.optimizers.optimizer_pair import OptimizerPair


@keras.saving.register_keras_serializable(package="keras_qlae")
class InfoWGANGP(ImageModel):
    """An InfoGAN with a Wasserstein critic and a gradient penalty.

    Encoder and critic share a trunk. The generator reads latents drawn from
    the prior, and the encoder must recover them from the generated images.
    With a `ScalarCodebookQuantizer` it is the paper's QLInfoWGAN-GP, with a
    `UniformLatent` InfoWGAN-GP, with `latent_weight=0` a plain WGAN-GP.

    Let `D` be the critic, `x` images, `z` drawn latents, `G(z)` their images
    in `[0, 1]`, and `x' = epsilon x + (1 - epsilon) G(z)`. A critic update
    lowers

        value_weight (mean D(G(z)) - mean D(x))
        + gradient_weight mean (|grad D(x')| - 1)**2
        + latent_weight mean (latent(encoder(G(z))) - z)**2
        + the latent's own weighted losses on encoder(G(z))

    and trains trunk and heads. A generator update lowers
    `-value_weight mean D(G(z))` plus the last two lines, and trains generator
    and codebooks, the codebooks also through the drawn `z`.

    A train step takes `generator_period` minibatches: one critic update for
    each, then one generator update. Minibatch `i` has every
    `generator_period`-th image, starting with image `i`. Batches given to
    `fit` are therefore `generator_period` times as large as a minibatch.

    It logs `critic_loss`, `value_loss`, `gradient_loss` (unweighted penalty),
    `gradient_norm`, `latent_loss`, the latent's losses, and
    `generator_loss`.

    Args:
        generator: `keras.Model` from `(batch, latent.num_outputs)` to logits
            of the shape of the images.
        trunk: `keras.Model` from images to two outputs: the encoder's,
            `(batch, latent.num_inputs)`, and the critic's, `(batch, 1)`.
        latent: A `keras_qlae.layers.Latent` with a prior.
        value_weight: Weight of the critic's value. Defaults to `1.0`.
        gradient_weight: Weight of the gradient penalty. Defaults to `10.0`.
        latent_weight: Weight of recovering the latents. Defaults to `200.0`.
        generator_period: Critic updates per generator update. Defaults to
            `5`.
        seed: Integer or `None`, for drawn latents, interpolations and
            `sample`.
        **kwargs: Passed to `keras.Model`.

    Call arguments:
        inputs: Decoder inputs `(batch, latent.num_outputs)`.

    Output shape:
        Logits `(batch, height, width, channels)`.

    Raises:
        ValueError: The trunk does not have two outputs, images or widths do
            not fit, a network has losses of its own, the latent has no prior,
            a weight is negative, or `generator_period` is below 1. In `fit`:
            `generator_period` does not divide a batch into minibatches of at
            least 2.

    Reference:
        Hsu et al., "Disentanglement via Latent Quantization" (NeurIPS 2023,
        arXiv 2305.18378), on InfoGANs; Gulrajani et al., "Improved Training
        of Wasserstein GANs" (arXiv 1704.00028).
    """

    def __init__(
        self,
        generator: keras.Model,
        trunk: keras.Model,
        latent: Latent,
        value_weight: float = 1.0,
        gradient_weight: float = 10.0,
        latent_weight: float = 200.0,
        generator_period: int = 5,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_loss_weights(
            value_weight=value_weight,
            gradient_weight=gradient_weight,
            latent_weight=latent_weight,
        )
        check_networks(generator=generator, trunk=trunk)
        check_trunk(trunk, latent)
        check_width("generator", generator.input_shape, "num_outputs", latent)
        check_same_images(generator, trunk)
        check_no_losses(generator=generator, trunk=trunk)
        check_count(
            1,
            "critic updates per generator update",
            generator_period=generator_period,
        )
        if not latent.has_prior:
            raise ValueError(
                "`latent` must have a prior to draw from, as "
                "`ScalarCodebookQuantizer` and `UniformLatent` do. "
                f"Received: {type(latent).__name__}, which has no prior"
            )
        super().__init__(latent, seed=seed, **kwargs)
        self.generator = generator
        self.trunk = trunk
        self.value_weight = value_weight
        self.gradient_weight = gradient_weight
        self.latent_weight = latent_weight
        self.generator_period = generator_period
        self.encoder = keras.Model(trunk.input, trunk.outputs[0])
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in (
                "critic_loss",
                "value_loss",
                "gradient_loss",
                "gradient_norm",
                "latent_loss",
                *latent.loss_weights,
                "generator_loss",
            )
        ]
        self.built = True

    @property
    def decoder(self) -> keras.Model:
        """The generator."""
        return self.generator

    @property
    def call_shape(self) -> tuple[int, ...]:
        return (self.latent.num_outputs,)

    @property
    def critic_variables(self) -> list[Any]:
        """The variables that a critic update trains: trunk and heads."""
        return list(self.trunk.trainable_variables)

    @property
    def generator_variables(self) -> list[Any]:
        """The variables that a generator update trains, with codebooks."""
        return [
            *self.generator.trainable_variables,
            *self.latent.trainable_variables,
        ]

    @property
    def updates_per_step(self) -> dict[str, int]:
        """Updates per train step, by the name of the argument of `compile`."""
        return {
            "critic_optimizer": self.generator_period,
            "generator_optimizer": 1,
        }

    def compile(
        self,
        critic_optimizer: Any = None,
        generator_optimizer: Any = None,
        *,
        optimizer: OptimizerPair | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets the two optimizers.

        Args:
            critic_optimizer: Optimizer of trunk and heads.
            generator_optimizer: Optimizer of generator and codebooks.
            optimizer: An `OptimizerPair` of both, instead of the two.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`, as
                in `keras.Model.compile`. PyTorch cannot compile this model,
                because it cannot compile a double backward pass.

        Raises:
            ValueError: An optimizer is missing; `jit_compile=True` on
                PyTorch.
        """
        if optimizer is None:
            if critic_optimizer is None or generator_optimizer is None:
                raise ValueError(
                    "`compile` needs two optimizers: `critic_optimizer` and "
                    "`generator_optimizer`. Received: "
                    f"{critic_optimizer!r} and {generator_optimizer!r}"
                )
            optimizer = OptimizerPair(critic_optimizer, generator_optimizer)
        if (
            keras.backend.backend() == "torch"
            and kwargs.get("jit_compile") is True
        ):
            raise ValueError(
                "PyTorch cannot compile the double backward pass of the "
                "gradient penalty: leave `jit_compile` out, or use JAX or "
                "TensorFlow. Received: jit_compile=True"
            )
        super().compile(optimizer=optimizer, auto_scale_loss=False, **kwargs)
        optimizer.build_both(self.critic_variables, self.generator_variables)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        # How a model runs depends on the machine: PyTorch cannot compile it.
        config = keras.saving.deserialize_keras_object(config)
        self.compile(optimizer=config["optimizer"])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.generator(inputs, training=training)

    def critic_losses(
        self, x: Any, z: Any, epsilon: Any, training: bool = True
    ) -> dict[str, Any]:
        """Computes the losses of a critic update; changes nothing.

        Args:
            x: Images `(batch, height, width, channels)` in `[0, 1]`.
            z: Decoder inputs `(batch, latent.num_outputs)`.
            epsilon: `(batch,)` in `[0, 1]`, the real image's share in the
                interpolation.
            training: Whether in training mode.

        Returns:
            Scalars by name: unweighted losses, and their weighted sum
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
        """Computes the losses of a generator update; changes nothing.

        Args:
            z: Decoder inputs `(batch, latent.num_outputs)`.
            training: Whether in training mode.

        Returns:
            Scalars by name: unweighted losses, and their weighted sum
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
        # The square root has no derivative at 0.
        return ops.sqrt(square + 1e-12)

    def _latent_losses(
        self, latents: Any, z: Any, training: bool
    ) -> dict[str, Any]:
        """The distance of recovered from drawn latents, and latent losses."""
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

    def update(self, data: Any) -> dict[str, Any]:
        images = self._images_of(data)
        if images.shape[0] is not None:
            self.check_batch(images.shape[0])  # of this replica
        period = self.generator_period
        images = ops.reshape(images, (-1, period, *images.shape[1:]))
        batch_size = ops.shape(images)[0]
        for i in range(period):
            self._update_critic(images[:, i], batch_size)
        return self._update_generator(batch_size)

    def assess(self, data: Any) -> dict[str, Any]:
        images = self._images_of(data)
        batch_size = ops.shape(images)[0]
        losses = self.critic_losses(
            images, *self._draw(batch_size), training=False
        )
        z, _ = self._draw(batch_size)
        generator_losses = self.generator_losses(z, training=False)
        # The generator's other losses have the names of the critic's.
        losses["generator_loss"] = generator_losses["generator_loss"]
        return self._logged(losses, batch_size)

    def generate(self, codes: Any, batch_size: int = 256) -> np.ndarray:
        """Generates images from codes: the same as `decode_codes`."""
        return self.decode_codes(codes, batch_size)

    @property
    def metrics(self) -> list[keras.Metric]:
        return list(self._trackers)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "generator": keras.saving.serialize_keras_object(self.generator),
            "trunk": keras.saving.serialize_keras_object(self.trunk),
            "value_weight": self.value_weight,
            "gradient_weight": self.gradient_weight,
            "latent_weight": self.latent_weight,
            "generator_period": self.generator_period,
        }

    def check_batch(self, batch_size: int | None) -> None:
        size, period = batch_size, self.generator_period
        if size is None or size % period or size < 2 * period:
            received = f"{size} images" if size else "a size that may vary"
            raise ValueError(
                "A batch must have `generator_period` minibatches of at least "
                "2 images: give `fit` batches of generator_period times the "
                "minibatch, all of one size (`drop_remainder=True`). "
                f"Received: batches of {received}, "
                f"generator_period={period}"
            )

    def _update_critic(self, images: Any, batch_size: Any) -> dict[str, Any]:
        z, epsilon = self._draw(batch_size)

        def compute() -> tuple[Any, Any]:
            losses = self.critic_losses(images, z, epsilon)
            return losses["critic_loss"], losses

        losses = self._descend(
            compute, self.critic_variables, self.optimizer.critic
        )
        return self._logged(losses, batch_size)

    def _update_generator(self, batch_size: Any) -> dict[str, Any]:
        def compute() -> tuple[Any, Any]:
            # Drawn here, since the codebooks also learn through `z`.
            z, _ = self._draw(batch_size)
            loss = self.generator_losses(z)["generator_loss"]
            return loss, {"generator_loss": loss}

        losses = self._descend(
            compute, self.generator_variables, self.optimizer.generator
        )
        return self._logged(losses, batch_size)

    def _draw(self, batch_size: Any) -> tuple[Any, Any]:
        """Latents drawn from the prior, and interpolation weights."""
        z = backend.draw(self.latent.sample, batch_size, self.seed_generator)
        epsilon = backend.draw(
            lambda size, seed: keras.random.uniform((size,), seed=seed),
            batch_size,
            self.seed_generator,
        )
        dtype = self.variable_dtype
        return ops.cast(z, dtype), ops.cast(epsilon, dtype)
