"""The autoencoder: encoder, latent, decoder."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.precision import full_precision
from keras_qlae.models.checks import check_networks
from keras_qlae.models.checks import check_width
from keras_qlae.models.image_model import ImageModel
from keras_qlae.models.images import to_unit_interval
from keras_qlae.models.likelihood import Likelihood
from keras_qlae.models.likelihood import check_likelihood
from keras_qlae.models.likelihood import check_scale
from keras_qlae.models.likelihood import expected
from keras_qlae.models.likelihood import reconstruction_loss
from keras_qlae.models.tapped import tapped
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty

_RESERVED = ("loss", "reconstruction_loss", "latent")
_NOT_COMPILED = ("loss", "loss_weights", "metrics", "weighted_metrics")


@keras.saving.register_keras_serializable(package="keras_qlae")
class Autoencoder(ImageModel):
    """An autoencoder whose latent space is a layer with losses of its own.

    With a `ScalarCodebookQuantizer` it is the paper's QLAE; with other latents
    it is one of the models that QLAE is compared with. The loss is the
    reconstruction loss, a mean over pixels, channels and batch, plus the
    weighted losses of the latent and of the penalties, plus the losses that
    layers of the networks add (regularizers). `compute_losses` computes all
    of them. Compile the model with an optimizer only.

    Let `x` be a pixel in `[0, 1]` and `m` the decoder's output. The
    reconstruction loss is the binary cross-entropy
    `-x log(p) - (1 - x) log(1 - p)` with `p = sigmoid(m)`. With
    `likelihood="gaussian"` it is the squared error `(x - m)**2`: minus the
    log-density of a Gaussian with mean `m` and variance 1/2, without the
    constant `log(pi) / 2`. Its gradients reach the decoder, and through the
    latent the encoder.

    `fit` takes NumPy arrays, or a `tf.data.Dataset` of images or of
    `(images, factors)`; factors are not used in training. Images are floats
    in `[0, 1]` or integers in `[0, 255]`. All values of an array are
    checked, and those of the first batch of a data set.

    If the encoder reads vectors `(batch, width)`, or sequences of vectors
    `(batch, length, width)`, they take the place of images. Their numbers may
    have any size: use `likelihood="gaussian"`. If `scale` is their standard
    deviation, the loss does not depend on units.

    It logs `loss`, `reconstruction_loss`, one entry for each loss of the
    latent (`quantization_loss`, `commitment_loss`, unweighted) and for each
    penalty, and for images `psnr`, the mean over images of the peak
    signal-to-noise ratio in dB.

    The latent's losses belong to this model's own training step. In a larger
    model use the parts, `decoder(latent(encoder(x)))`. The latent then adds
    its losses to those of the larger model.

    Args:
        encoder: `keras.Model` from images to `(batch, latent.num_inputs)`.
        latent: A `keras_qlae.layers.Latent`.
        decoder: `keras.Model` from `(batch, latent.num_outputs)` to logits of
            the shape of the images, or to means (`likelihood`).
        penalties: A list of `keras_qlae.penalties.Penalty`, further losses of
            a batch's forward pass. Each is added with its weight and logged
            under its name.
        likelihood: What the decoder's outputs are: `"bernoulli"`, logits,
            whose sigmoid is the image; or `"gaussian"`, pixel values, clipped
            to `[0, 1]` for display, with the squared error as reconstruction
            loss. Defaults to `"bernoulli"`.
        scale: With `likelihood="gaussian"`, what differences are divided by
            before they are squared: one positive number for each value of a
            vector. Defaults to 1 for all.
        seed: Integer or `None`, for random numbers of penalties and `sample`.
        **kwargs: Passed to `keras.Model`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)`.
        training: Whether in training mode.

    Output shape:
        The decoder's outputs, `(batch, height, width, channels)`.

    Raises:
        ValueError: The widths of encoder, latent and decoder do not fit; a
            penalty has the name of another loss, or taps a layer that the
            decoder lacks; the likelihood is unknown, or is not `"gaussian"`
            for vectors; the scale does not fit. In `fit` and `evaluate`:
            there are no images, or they have another shape, are outside
            `[0, 1]` or not finite.

    Reference:
        Hsu et al., "Disentanglement via Latent Quantization" (NeurIPS 2023,
        arXiv 2305.18378), section 3.
    """

    def __init__(
        self,
        encoder: keras.Model,
        latent: Latent,
        decoder: keras.Model,
        penalties: Sequence[Penalty] = (),
        likelihood: Likelihood = "bernoulli",
        scale: Sequence[float] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_networks(encoder=encoder, decoder=decoder)
        check_likelihood(likelihood, encoder.input_shape[1:])
        check_scale(scale, likelihood, encoder.input_shape[-1])
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
        self.likelihood = likelihood
        self.scale = None if scale is None else [float(s) for s in scale]
        self.penalties = list(penalties)
        for penalty in self.penalties:
            penalty.check(decoder)
        _check_names(
            self.penalties,
            (
                *_RESERVED,
                *self.measures,
                *latent.loss_weights,
                *self.own_loss_weights,
            ),
        )
        taps = [name for penalty in penalties for name in penalty.taps]
        self._tapped = tapped(decoder, taps)
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in (*self.loss_weights, *self.measures)
        ]
        self.built = True

    @property
    def updates_per_step(self) -> dict[str, int]:
        """Updates per train step, by the name of the argument of `compile`."""
        return {"optimizer": 1}

    def compile(self, optimizer: Any = "adam", **kwargs: Any) -> None:
        """Sets the optimizer.

        Args:
            optimizer: A Keras optimizer or its name.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`,
                `auto_scale_loss`, as in `keras.Model.compile`.

        Raises:
            ValueError: A loss or metric was given: the model has its own.
        """
        given = {k for k, v in kwargs.items() if v is not None}
        refused = sorted(given & set(_NOT_COMPILED))
        if refused:
            raise ValueError(
                "`Autoencoder` has its own losses and metrics: compile it "
                "with an optimizer only. For the squared error pass "
                "`likelihood='gaussian'`; for any other loss override "
                f"`reconstruction_loss`. Received: {', '.join(refused)}"
            )
        super().compile(optimizer, **kwargs)
        # Not at the first step: a model saved before that would warn when it
        # is loaded.
        self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        # How a model runs depends on the machine: the saved `jit_compile` is
        # what "auto" meant on the backend that saved it.
        config = keras.saving.deserialize_keras_object(config)
        self.compile(config["optimizer"])

    @property
    def own_loss_weights(self) -> dict[str, float]:
        """The weight of each loss that a subclass adds, by name."""
        return {}

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of what is logged besides the losses."""
        return ("psnr",) if self.has_images else ()

    @property
    def loss_weights(self) -> dict[str, float]:
        """The weight of each loss, by the name under which it is logged."""
        return {
            "reconstruction_loss": 1.0,
            **self.latent.loss_weights,
            **self.own_loss_weights,
            **{penalty.name: penalty.weight for penalty in self.penalties},
        }

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        images = to_unit_interval(inputs, self.variable_dtype)
        encoded = self.encoder(images, training=training)
        outputs = self.latent.compute(encoded, training=training).outputs
        return self.decoder(outputs, training=training)

    def compute_losses(
        self,
        images: Any,
        training: bool = True,
        noise: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Computes the losses of a batch; changes only random state.

        Args:
            images: `(batch, height, width, channels)`, floats in `[0, 1]` or
                integers in `[0, 255]`.
            training: Whether in training mode.
            noise: Random numbers to use instead of drawn ones, by name:
                `"latent"`, or the name of a penalty.

        Returns:
            Scalars by name, in full precision: `loss`, the weighted sum of
            all others and of what the networks' layers add;
            `reconstruction_loss`, the latent's losses and the penalties,
            unweighted; and for images `psnr`, which is not a loss.
        """
        latent_noise = (noise or {}).get("latent")
        return self._losses_of(
            self._forward(images, training, latent_noise), noise
        )

    def own_losses(self, forward: ForwardPass) -> dict[str, Any]:
        """Computes the losses that `own_loss_weights` of a subclass names."""
        return {}

    def _losses_of(
        self, forward: ForwardPass, noise: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Computes the losses of the last forward pass."""
        noise = noise or {}
        # First: a penalty that calls the decoder again replaces these.
        added = [*self.encoder.losses, *self.decoder.losses]
        losses = {
            "reconstruction_loss": self.reconstruction_loss(
                forward.images, forward.logits
            ),
            **forward.outputs.losses,
            **self.own_losses(forward),
        }
        for penalty in self.penalties:
            drawn = noise.get(penalty.name)
            if drawn is None:
                drawn = self._draw(penalty, ops.shape(forward.images)[0])
            losses[penalty.name] = penalty.compute(forward, drawn)
        dtype = forward.logits.dtype
        losses = {
            name: backend.mean(ops.cast(loss, dtype))
            for name, loss in losses.items()
        }
        weights = self.loss_weights
        total = sum(weights[name] * loss for name, loss in losses.items())
        total = total + sum(ops.cast(loss, dtype) for loss in added)
        if not self.has_images:
            return {"loss": total, **losses}
        shown = expected(self.likelihood, forward.logits)
        quality = backend.mean(_psnr(forward.images, shown))
        return {"loss": total, **losses, "psnr": quality}

    def update(self, data: Any) -> dict[str, Any]:
        images = self._images_of(data)

        def compute() -> tuple[Any, Any]:
            losses = self.compute_losses(images)
            return self.optimizer.scale_loss(losses["loss"]), losses

        losses = self._descend(
            compute, self.trainable_variables, self.optimizer
        )
        return self._logged(losses, ops.shape(images)[0])

    def assess(self, data: Any) -> dict[str, Any]:
        images = self._images_of(data)
        losses = self.compute_losses(images, training=False)
        return self._logged(losses, ops.shape(images)[0])

    def _forward(
        self, images: Any, training: bool, noise: Any = None
    ) -> ForwardPass:
        """Runs one batch through the model; returns it in full precision."""
        dtype = full_precision(self.variable_dtype)

        def cast(tensor: Any) -> Any:
            return ops.cast(tensor, dtype)

        def decode(values: Any) -> tuple[Any, dict[str, Any]]:
            logits, taps = self._tapped.whole(values, training)
            return cast(logits), {name: cast(tap) for name, tap in taps.items()}

        def tap(values: Any) -> dict[str, Any]:
            taps = self._tapped.taps(values, training)
            return {name: cast(tap) for name, tap in taps.items()}

        images = to_unit_interval(images, self.variable_dtype)
        encoded = self.encoder(images, training=training)
        outputs = self.latent.compute(encoded, training=training, noise=noise)
        logits, taps = decode(outputs.outputs)
        return ForwardPass(
            images=cast(images),
            encoded=cast(encoded),
            latent=self.latent,
            outputs=outputs._replace(outputs=cast(outputs.outputs)),
            logits=logits,
            taps=taps,
            decode=decode,
            tap=tap,
        )

    def _draw(self, penalty: Penalty, batch_size: Any) -> Any:
        return backend.draw(
            lambda size, seed: penalty.draw(size, self.latent, seed),
            batch_size,
            self.seed_generator,
        )

    def reconstruction_loss(self, images: Any, logits: Any) -> Any:
        """Computes the loss of each image, a mean over pixels: `(batch,)`.

        Override it for a loss of your own.

        Args:
            images: `(batch, height, width, channels)` in `[0, 1]`.
            logits: The decoder's outputs, of the same shape.
        """
        scale = 1.0 if self.scale is None else self.scale
        scale = ops.convert_to_tensor(scale, dtype=logits.dtype)
        return reconstruction_loss(self.likelihood, images, logits, scale)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "penalties": keras.saving.serialize_keras_object(self.penalties),
            "likelihood": self.likelihood,
            "scale": self.scale,
        }


def _check_names(penalties: Sequence[Penalty], taken: Sequence[str]) -> None:
    names = [*taken, *(penalty.name for penalty in penalties)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            "Each penalty needs its own name in the logs: pass `name`. "
            f"Received twice: {', '.join(twice)}; names that are not "
            f"available: {', '.join(taken)}"
        )


def _psnr(images: Any, shown: Any) -> Any:
    """`keras_qlae.metrics.psnr` of tensors: `(batch,)`."""
    axes = tuple(range(1, len(images.shape)))
    error = backend.mean(ops.square(shown - images), axis=axes)
    return -10 * ops.log10(ops.where(error < 1e-12, 1e-12, error))
