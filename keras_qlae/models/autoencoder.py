"""The autoencoder: encoder, latent, decoder."""

from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.latent import Latent
from keras_qlae.models.image_model import ImageModel
from keras_qlae.models.image_model import check_networks
from keras_qlae.models.image_model import check_width
from keras_qlae.models.image_model import refuse_sample_weight
from keras_qlae.models.images import to_unit_interval
from keras_qlae.models.quality import psnr

_NOT_COMPILED = ("loss", "loss_weights", "metrics", "weighted_metrics")


@keras.saving.register_keras_serializable(package="keras_qlae")
class Autoencoder(ImageModel):
    """An autoencoder whose latent space is a layer with losses of its own.

    With a `ScalarCodebookQuantizer` it is the paper's QLAE; the other latents
    make it the models that QLAE is compared with. The loss is the binary
    cross-entropy between images and logits, a mean over pixels, channels and
    batch, plus the latent's weighted losses, plus whatever the layers of the
    networks add (regularizers). Compile it with an optimizer alone.

    `fit` takes what Keras' does: NumPy arrays, or a `tf.data.Dataset` of
    images or of `(images, factors)`; factors are not used in training. Images
    are floats in `[0, 1]` or integers in `[0, 255]`. Arrays are checked
    whole, a data set by its first batch.

    It logs `loss`, `reconstruction_loss`, one entry for each loss of the
    latent (`quantization_loss`, `commitment_loss`, unweighted), and `psnr`,
    the mean over images of each one's peak signal-to-noise ratio in dB.

    The latent's losses belong to this model's own training step. Inside a
    larger model use the parts, `decoder(latent(encoder(x)))`: called there,
    the latent adds its losses to that model's.

    Args:
        encoder: `keras.Model` from images to `(batch, latent.num_inputs)`.
        latent: A `keras_qlae.layers.Latent`.
        decoder: `keras.Model` from `(batch, latent.num_outputs)` to logits of
            the shape of the images.
        seed: Integer or `None`, of `sample`.
        **kwargs: Passed to `keras.Model`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)`.
        training: Whether in training mode.

    Output shape:
        Logits `(batch, height, width, channels)`.

    Raises:
        ValueError: Widths of encoder, latent and decoder that do not fit; in
            `fit` and `evaluate`, images of another shape, outside `[0, 1]`
            or not finite.

    Reference:
        Hsu et al., "Disentanglement via Latent Quantization" (NeurIPS 2023,
        arXiv 2305.18378), section 3.
    """

    def __init__(
        self,
        encoder: keras.Model,
        latent: Latent,
        decoder: keras.Model,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_networks(encoder=encoder, decoder=decoder)
        super().__init__(latent, seed=seed, **kwargs)
        check_width("encoder", encoder.output_shape, "num_inputs", latent)
        check_width("decoder", decoder.input_shape, "num_outputs", latent)
        if decoder.output_shape[1:] != encoder.input_shape[1:]:
            raise ValueError(
                "The decoder's output must have the shape of the encoder's "
                f"input. Received: {decoder.output_shape[1:]} against "
                f"{encoder.input_shape[1:]}"
            )
        self.encoder = encoder
        self.decoder = decoder
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in ("reconstruction_loss", *latent.loss_weights, "psnr")
        ]
        self._forward: list[Any] = []  # logits and losses of the last call
        self.built = True

    @property
    def updates_per_step(self) -> dict[str, int]:
        """Updates of a train step, by the optimizer's argument of `compile`."""
        return {"optimizer": 1}

    def compile(self, optimizer: Any = "adam", **kwargs: Any) -> None:
        """Sets the optimizer.

        Args:
            optimizer: A Keras optimizer or its name.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`,
                `auto_scale_loss`, as in `keras.Model.compile`.

        Raises:
            ValueError: A loss or metric: the model brings its own.
        """
        given = {k for k, v in kwargs.items() if v is not None}
        refused = sorted(given & set(_NOT_COMPILED))
        if refused:
            raise ValueError(
                "`Autoencoder` brings its own losses and metrics: compile it "
                "with an optimizer alone. For another likelihood override "
                f"`reconstruction_loss`. Received: {', '.join(refused)}"
            )
        super().compile(optimizer, **kwargs)
        # Now and not at the first step: a model that is saved before it
        # could not be loaded without a warning.
        self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        # How it ran is up to the machine: `jit_compile` would come back as
        # what "auto" had meant on the backend that saved it.
        config = keras.saving.deserialize_keras_object(config)
        self.compile(config["optimizer"])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        images = to_unit_interval(inputs, self.variable_dtype)
        latents = self.encoder(images, training=training)
        result = self.latent.compute(latents, training=training)
        # For `compute_loss`, which takes them away in the same step.
        logits = self.decoder(result.outputs, training=training)
        self._forward[:] = [logits, result.losses]
        return logits

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The total loss of a step, scaled for `tf.distribute`.

        Args:
            x: Images.
            y: Not used: an autoencoder's target is its input.
            y_pred: Logits, what `call` returned for `x`.
            sample_weight: Must be `None`.
            training: Whether in training mode.

        Returns:
            A scalar.
        """
        if sample_weight is not None:
            refuse_sample_weight()
        if not self._forward or self._forward[0] is not y_pred:
            raise RuntimeError(
                "`compute_loss` belongs to a training or evaluation step: "
                "`y_pred` must be what the model returned when it was last "
                "called."
            )
        latent_losses = self._forward.pop()
        self._forward.clear()
        images = to_unit_interval(x, self.variable_dtype)
        logits = ops.cast(y_pred, images.dtype)
        losses = {
            "reconstruction_loss": self.reconstruction_loss(images, logits),
            **latent_losses,
        }
        losses = {name: backend.mean(loss) for name, loss in losses.items()}
        logs = {**losses, "psnr": backend.mean(psnr(images, logits))}
        for tracker in self._trackers:
            tracker.update_state(
                logs[tracker.name], sample_weight=ops.shape(images)[0]
            )
        weights = {"reconstruction_loss": 1.0, **self.latent.loss_weights}
        total = sum(
            weights[name] * ops.cast(loss, logits.dtype)
            for name, loss in losses.items()
        )
        # Of regularizers in the networks; the latent's own are not here.
        total = total + sum(
            ops.cast(loss, logits.dtype) for loss in self.losses
        )
        return total / backend.num_replicas()

    def reconstruction_loss(self, images: Any, logits: Any) -> Any:
        """Cross-entropy of each image, a mean over pixels: `(batch,)`.

        Override for another likelihood.
        """
        loss = ops.binary_crossentropy(images, logits, from_logits=True)
        return backend.mean(loss, axis=tuple(range(1, len(loss.shape))))

    @property
    def metrics(self) -> list[keras.Metric]:
        own = set(map(id, self._trackers))
        others = [m for m in super().metrics if id(m) not in own]
        return [*others, *self._trackers]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
        }
