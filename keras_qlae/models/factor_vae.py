"""The FactorVAE: a discriminator estimates the dependence of the latents."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_count
from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.latent import LatentOutputs
from keras_qlae.layers.precision import full_precision
from keras_qlae.models.autoencoder import Autoencoder
from keras_qlae.models.likelihood import Likelihood
from keras_qlae.networks.discriminator import discriminator
from keras_qlae.optimizers.optimizer_pair import OptimizerPair
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty

_TOTAL_CORRELATION = "total_correlation_loss"


@keras.saving.register_keras_serializable(package="keras_qlae")
class FactorVAE(Autoencoder):
    """An autoencoder with a discriminator that makes latents independent.

    The discriminator `D` has two logits. It learns to distinguish the latents
    of an image (class 0) from latents that each come from another image
    (class 1). Then `D_0 - D_1` estimates the log-ratio of the joint density
    to the product of the marginals. Its mean is the total correlation of the
    latents. With a `GaussianLatent` this is the FactorVAE, with a
    `GumbelCodebookQuantizer` the FactorQVAE; any latent works.

    A train step takes pairs of images, `(0, 1)`, `(2, 3)` and so on; the last
    image of an odd number is left out. The first images of the pairs train
    encoder, latent and decoder with the loss of `Autoencoder` plus

        total_correlation_weight * mean(D_0 - D_1) / pixel values of an image

    Then the discriminator is trained with the cross-entropy

        (mean softplus(D_1 - D_0 of the first images)
         + mean softplus(D_0 - D_1 of the shuffled second images)) / 2

    where each latent of the second images is shuffled over the batch
    separately. The latents of the first images are those before the update.

    Gradients of the first loss reach the encoder and learned codebooks, not
    the discriminator. Gradients of the second loss reach the discriminator
    only: they stop at its input. (The authors of the FactorQVAE do not stop
    those of the first images.)

    It logs what `Autoencoder` logs, `total_correlation_loss` (unweighted) and
    `discriminator_loss`. A `discriminator_loss` of log(2) = 0.69 means that
    the discriminator cannot distinguish the two classes.

    Args:
        encoder: As in `Autoencoder`.
        latent: As in `Autoencoder`.
        decoder: As in `Autoencoder`.
        penalties: As in `Autoencoder`.
        likelihood: As in `Autoencoder`.
        scale: As in `Autoencoder`.
        total_correlation_weight: Weight of the total correlation, the paper's
            gamma. Defaults to `10.0`.
        discriminator_units: Widths of the discriminator's hidden layers.
            Defaults to the paper's six of 1000.
        seed: As in `Autoencoder`; also for the shuffling and the
            discriminator.
        **kwargs: Passed to `keras.Model`.

    Attributes:
        compares_images: True: latents are shuffled among the images of a
            batch.

    Raises:
        ValueError: As in `Autoencoder`; a weight or width is out of range;
            the latent has a loss named `total_correlation_loss`; in `fit`, a
            batch has fewer than two pairs.

    Reference:
        Kim and Mnih, "Disentangling by Factorising" (ICML 2018, arXiv
        1802.05983), equations 2 and 3, algorithm 2; Baykal et al.,
        "Disentanglement with Factor Quantized Variational Autoencoders"
        (arXiv 2409.14851).
    """

    compares_images = True

    def __init__(
        self,
        encoder: keras.Model,
        latent: Latent,
        decoder: keras.Model,
        penalties: Sequence[Penalty] = (),
        likelihood: Likelihood = "bernoulli",
        scale: Sequence[float] | None = None,
        total_correlation_weight: float = 10.0,
        discriminator_units: Sequence[int] = (1000,) * 6,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_loss_weights(total_correlation_weight=total_correlation_weight)
        for units in discriminator_units:
            check_count(1, "width of a layer", discriminator_units=units)
        if _TOTAL_CORRELATION in latent.loss_weights:
            raise ValueError(
                f"`{type(latent).__name__}` has its own total correlation "
                "loss: use `GaussianLatent`, or the model `Autoencoder`. "
                f"Received: latent={type(latent).__name__}"
            )
        self.total_correlation_weight = total_correlation_weight
        self.discriminator_units = tuple(discriminator_units)
        super().__init__(
            encoder,
            latent,
            decoder,
            penalties,
            likelihood,
            scale,
            seed,
            **kwargs,
        )
        self.discriminator = discriminator(
            latent.num_latents * latent.part_width,
            self.discriminator_units,
            None if seed is None else seed + 3,
            self.dtype_policy,
        )

    @property
    def discriminator_variables(self) -> list[Any]:
        """The variables that the discriminator's optimizer updates."""
        return list(self.discriminator.trainable_variables)

    @property
    def autoencoder_variables(self) -> list[Any]:
        """The variables of encoder, latent and decoder."""
        return [
            variable
            for part in (self.encoder, self.latent, self.decoder)
            for variable in part.trainable_variables
        ]

    @property
    def updates_per_step(self) -> dict[str, int]:
        """Updates per train step, by the name of the argument of `compile`."""
        return {"optimizer": 1, "discriminator_optimizer": 1}

    @property
    def own_loss_weights(self) -> dict[str, float]:
        return {_TOTAL_CORRELATION: self.total_correlation_weight}

    @property
    def measures(self) -> tuple[str, ...]:
        return (*super().measures, "discriminator_loss")

    def compile(
        self,
        optimizer: Any = "adam",
        discriminator_optimizer: Any = "adam",
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Sets the two optimizers.

        Args:
            optimizer: Optimizer of encoder, latent and decoder; or an
                `OptimizerPair` of both, whose critic is the discriminator's.
            discriminator_optimizer: Optimizer of the discriminator.
            auto_scale_loss: Whether to wrap each in a `LossScaleOptimizer` if
                the model computes in float16.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`, as
                in `keras.Model.compile`.

        Raises:
            ValueError: A loss or metric was given: the model has its own; or
                one optimizer for both.
        """
        pair = optimizer
        if not isinstance(pair, OptimizerPair):
            if optimizer is discriminator_optimizer and not isinstance(
                optimizer, str
            ):
                raise ValueError(
                    "`optimizer` and `discriminator_optimizer` must be two "
                    "optimizers, each with its own state. Received: one for "
                    "both"
                )
            both = map(
                keras.optimizers.get, (discriminator_optimizer, optimizer)
            )
            if auto_scale_loss and self.compute_dtype == "float16":
                both = map(keras.optimizers.LossScaleOptimizer, both)
            pair = OptimizerPair(*both)
        super().compile(pair, auto_scale_loss=False, **kwargs)
        pair.build_both(
            self.discriminator_variables, self.autoencoder_variables
        )

    def own_losses(self, forward: ForwardPass) -> dict[str, Any]:
        logits = self._judge(self._parts(forward.outputs))
        return {_TOTAL_CORRELATION: logits / self._num_pixel_values}

    def discriminator_loss(
        self, joint: Any, others: Any, noise: Any = None
    ) -> Any:
        """Computes the discriminator's loss; changes only random state.

        Args:
            joint: Latents of images, `(batch, num_latents, width)`.
            others: Latents to shuffle, of the same shape.
            noise: `(batch, num_latents)`: each latent of `others` is put in
                the order that sorts its column of `noise`. Defaults to
                `None`: the model draws it.

        Returns:
            A scalar. No gradient reaches `joint` and `others`.
        """
        if noise is None:
            noise = backend.draw(
                lambda size, seed: keras.random.uniform(
                    (size, self.latent.num_latents), seed=seed
                ),
                ops.shape(others)[0],
                self.seed_generator,
            )
        order = ops.argsort(ops.convert_to_tensor(noise), axis=0)
        shuffled = ops.take_along_axis(others, order[..., None], axis=0)
        real, false = (
            self._judge(ops.stop_gradient(parts)) for parts in (joint, shuffled)
        )
        total = backend.mean(ops.softplus(-real))
        return (total + backend.mean(ops.softplus(false))) / 2

    def update(self, data: Any) -> dict[str, Any]:
        images = self._images_of(data)
        if images.shape[0] is not None:
            self.check_batch(images.shape[0])
        seconds = images[1::2]
        firsts = images[::2][: ops.shape(seconds)[0]]
        own, critic = self.optimizer.generator, self.optimizer.critic

        def compute() -> tuple[Any, Any]:
            forward = self._forward(firsts, training=True)
            losses = self._losses_of(forward)
            parts = self._parts(forward.outputs)
            return own.scale_loss(losses["loss"]), (losses, parts)

        losses, joint = self._descend(compute, self.autoencoder_variables, own)
        encoded = self.encoder(seconds, training=True)
        others = self._parts(self.latent.compute(encoded, training=True))
        others = ops.stop_gradient(others)

        def compute_discriminator() -> tuple[Any, Any]:
            loss = self.discriminator_loss(joint, others)
            return critic.scale_loss(loss), loss

        losses["discriminator_loss"] = self._descend(
            compute_discriminator, self.discriminator_variables, critic
        )
        return self._logged(losses, ops.shape(seconds)[0])

    def assess(self, data: Any) -> dict[str, Any]:
        images = self._images_of(data)
        forward = self._forward(images, training=False)
        losses = self._losses_of(forward)
        parts = self._parts(forward.outputs)
        losses["discriminator_loss"] = self.discriminator_loss(parts, parts)
        return self._logged(losses, ops.shape(images)[0])

    def check_batch(self, batch_size: int | None) -> None:
        if batch_size is None or batch_size < 4:
            received = f"{batch_size} images" if batch_size else "varying sizes"
            raise ValueError(
                "A batch must have at least 2 pairs of images: one image of "
                "each pair trains the autoencoder, the other the "
                "discriminator. Give `fit` batches of one size, 4 images or "
                "more (`drop_remainder=True`). Received: batches of "
                f"{received}"
            )

    def _parts(self, outputs: LatentOutputs) -> Any:
        """The numbers of each latent, `(batch, num_latents, width)`."""
        parts = outputs.outputs if outputs.parts is None else outputs.parts
        shape = (-1, self.latent.num_latents, self.latent.part_width)
        return ops.cast(
            ops.reshape(parts, shape), full_precision(self.variable_dtype)
        )

    def _judge(self, parts: Any) -> Any:
        """`D_0 - D_1` of each example: `(batch,)`."""
        width = self.latent.num_latents * self.latent.part_width
        logits = self.discriminator(ops.reshape(parts, (-1, width)))
        return logits[:, 0] - logits[:, 1]

    @property
    def _num_pixel_values(self) -> int:
        return math.prod(self.image_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "total_correlation_weight": self.total_correlation_weight,
            "discriminator_units": self.discriminator_units,
        }
