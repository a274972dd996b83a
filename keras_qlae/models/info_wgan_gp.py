"""The InfoGAN: a Wasserstein GAN whose encoder must recover the code."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.latent import check_count
from keras_qlae.layers.latent import check_loss_weights
from keras_qlae.models.image_model import ImageModel
from keras_qlae.models.image_model import check_networks
from keras_qlae.models.image_model import check_width
from keras_qlae.models.image_model import refuse_sample_weight
from keras_qlae.models.images import to_unit_interval
from keras_qlae.models.wasserstein_losses import WassersteinLosses
from keras_qlae.optimizers.optimizer_pair import OptimizerPair


@keras.saving.register_keras_serializable(package="keras_qlae")
class InfoWGANGP(backend.StepModel, WassersteinLosses, ImageModel):
    """An InfoGAN with a Wasserstein critic and a gradient penalty.

    Encoder and critic share a trunk. The generator is fed codes drawn from
    the latent's prior, and the encoder must recover them from its pictures.
    With a `ScalarCodebookQuantizer` it is the paper's QLInfoWGAN-GP, with a
    `UniformLatent` InfoWGAN-GP, with `latent_weight=0` a plain WGAN-GP.

    With `D` the critic, `x` images, `z` drawn latents, `G(z)` their images in
    `[0, 1]`, and `x' = epsilon x + (1 - epsilon) G(z)`, a critic update lowers

        value_weight (mean D(G(z)) - mean D(x))
        + gradient_weight mean (|grad D(x')| - 1)**2
        + latent_weight mean (latent(encoder(G(z))) - z)**2
        + the latent's own weighted losses on encoder(G(z))

    by trunk and heads; a generator update lowers `-value_weight mean D(G(z))`
    plus the last two lines by generator and codebooks, the codebooks also
    through the drawn `z`.

    A train step takes `generator_period` minibatches: as many critic updates
    and then one generator update. Minibatch `i` is every `generator_period`-th
    image from the `i`-th, so the batches given to `fit` are `generator_period`
    times as large as a minibatch.

    It logs `critic_loss`, `value_loss`, `gradient_loss` (unweighted penalty),
    `gradient_norm`, `latent_loss`, the latent's losses, and
    `generator_loss`.

    Args:
        generator: `keras.Model` from `(batch, latent.num_outputs)` to logits
            of the shape of the images.
        trunk: `keras.Model` from images to two outputs: the encoder's head
            `(batch, latent.num_inputs)` and the critic's `(batch, 1)`.
        latent: A `keras_qlae.layers.Latent` with a prior.
        value_weight: Weight of the critic's value. Defaults to `1.0`.
        gradient_weight: Weight of the gradient penalty. Defaults to `10.0`.
        latent_weight: Weight of recovering the latents. Defaults to `200.0`.
        generator_period: Critic updates to one of the generator. Defaults to
            `5`.
        seed: Integer or `None`: drawn latents, interpolations, `sample`.
        **kwargs: Passed to `keras.Model`.

    Call arguments:
        inputs: Decoder inputs `(batch, latent.num_outputs)`.

    Output shape:
        Logits `(batch, height, width, channels)`.

    Raises:
        ValueError: A trunk without two heads, images or widths that do not
            fit, networks with losses of their own, a latent without a prior,
            a negative weight, `generator_period` below 1; in `fit`, a batch
            that `generator_period` does not divide into minibatches of at
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
        _check_trunk(trunk, latent)
        check_width("generator", generator.input_shape, "num_outputs", latent)
        _check_same_images(generator, trunk)
        _check_no_losses(generator=generator, trunk=trunk)
        check_count(
            1,
            "critic updates to one of the generator",
            generator_period=generator_period,
        )
        if not latent.has_prior:
            raise ValueError(
                "`latent` must have a prior to draw from, such as "
                "`ScalarCodebookQuantizer` or `UniformLatent`; this one has "
                f"no prior. Received: {type(latent).__name__}"
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
        """What a critic update moves: trunk and heads."""
        return list(self.trunk.trainable_variables)

    @property
    def generator_variables(self) -> list[Any]:
        """What a generator update moves: generator and codebooks."""
        return [
            *self.generator.trainable_variables,
            *self.latent.trainable_variables,
        ]

    @property
    def updates_per_step(self) -> dict[str, int]:
        """Updates of a train step, by the optimizer's argument of `compile`."""
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
            critic_optimizer: Of trunk and heads.
            generator_optimizer: Of generator and codebooks.
            optimizer: Both in one `OptimizerPair`, in place of the two.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`, as
                in `keras.Model.compile`. PyTorch cannot compile a double
                backward pass, and so not this model.

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
        # How it ran is up to the machine: PyTorch cannot compile it at all.
        config = keras.saving.deserialize_keras_object(config)
        self.compile(optimizer=config["optimizer"])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.generator(inputs, training=training)

    def update(self, data: Any) -> dict[str, Any]:
        """One train step: see the class."""
        images = self._images_of(data)
        if images.shape[0] is not None:
            self.check_batch(images.shape[0])  # of this replica
        period = self.generator_period
        images = ops.reshape(images, (-1, period, *images.shape[1:]))
        batch_size = ops.shape(images)[0]
        for i in range(period):
            self._update_critic(images[:, i], batch_size)
        self._update_generator(batch_size)
        logs: dict[str, Any] = self.get_metrics_result()
        return logs

    def assess(self, data: Any) -> dict[str, Any]:
        """One step of `evaluate`: the same losses, no update."""
        images = self._images_of(data)
        batch_size = ops.shape(images)[0]
        losses = self.critic_losses(
            images, *self._draw(batch_size), training=False
        )
        self._track(losses)
        z, _ = self._draw(batch_size)
        losses = self.generator_losses(z, training=False)
        self._track({"generator_loss": losses["generator_loss"]})
        logs: dict[str, Any] = self.get_metrics_result()
        return logs

    def generate(self, codes: Any, batch_size: int = 256) -> np.ndarray:
        """Images of codes: `decode_codes` by the name GANs know it by."""
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

    def _images_of(self, data: Any) -> Any:
        x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if sample_weight is not None:
            refuse_sample_weight()
        return to_unit_interval(x, self.variable_dtype)

    def check_batch(self, batch_size: int | None) -> None:
        size, period = batch_size, self.generator_period
        if size is None or size % period or size < 2 * period:
            received = f"{size} images" if size else "a size that may vary"
            raise ValueError(
                "A batch must hold `generator_period` minibatches of at least "
                "2 images: give `fit` batches of generator_period times the "
                "minibatch, all of one size (`drop_remainder=True`). "
                f"Received: batches of {received}, "
                f"generator_period={period}"
            )

    def _update_critic(self, images: Any, batch_size: Any) -> None:
        z, epsilon = self._draw(batch_size)

        def compute() -> tuple[Any, Any]:
            losses = self.critic_losses(images, z, epsilon)
            return losses["critic_loss"], losses

        variables = self.critic_variables
        _, losses, gradients = backend.value_and_gradients(
            compute, variables, self._state
        )
        backend.apply_gradients(self.optimizer.critic, gradients, variables)
        self._track(losses)

    def _update_generator(self, batch_size: Any) -> None:
        def compute() -> tuple[Any, Any]:
            # Drawn in here: the codebooks learn through `z` too.
            z, _ = self._draw(batch_size)
            loss = self.generator_losses(z)["generator_loss"]
            return loss, {"generator_loss": loss}

        variables = self.generator_variables
        _, losses, gradients = backend.value_and_gradients(
            compute, variables, self._state
        )
        backend.apply_gradients(self.optimizer.generator, gradients, variables)
        self._track(losses)

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

    def _track(self, losses: dict[str, Any]) -> None:
        for tracker in self._trackers:
            if tracker.name in losses:
                tracker.update_state(losses[tracker.name])

    @property
    def _state(self) -> list[Any]:
        return [
            *self.trainable_variables,
            *self.non_trainable_variables,
            *self.optimizer.variables,
            *self.metrics_variables,
        ]


def _check_same_images(generator: keras.Model, trunk: keras.Model) -> None:
    made, taken = generator.output_shape[1:], trunk.input_shape[1:]
    if made != taken:
        raise ValueError(
            "`trunk` must take the images that `generator` makes. Received: a "
            f"generator of images {made}, a trunk that takes {taken}"
        )


def _check_no_losses(**networks: keras.Model) -> None:
    for name, network in networks.items():
        if network.losses:
            raise ValueError(
                f"`{name}` has losses of its own, such as those of a "
                "`kernel_regularizer`, which the GAN's losses leave out: use "
                "the weight decay of the optimizers. "
                f"Received: {len(network.losses)} such losses"
            )


def _check_trunk(trunk: keras.Model, latent: Latent) -> None:
    if len(trunk.outputs) != 2 or trunk.outputs[1].shape[-1] != 1:
        raise ValueError(
            "`trunk` must have two heads: the encoder's, (batch, "
            f"{latent.num_inputs}), and the critic's, (batch, 1). "
            "`keras_qlae.networks.image_trunk` builds one. Received outputs "
            f"of shapes: {[tuple(o.shape) for o in trunk.outputs]}"
        )
    check_width("trunk", trunk.outputs[0].shape, "num_inputs", latent)
