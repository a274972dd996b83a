"""The autoencoder: encoder, latent, decoder."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.latent import Latent
from keras_qlae.models.images import check_images
from keras_qlae.models.images import to_unit_interval
from keras_qlae.models.inputs import check_fit_data
from keras_qlae.models.inputs import in_batches
from keras_qlae.models.quality import psnr

_SEED = "seed_generator"


@keras.saving.register_keras_serializable(package="keras_qlae")
class Autoencoder(keras.Model):
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
        super().__init__(**kwargs)
        _check_width("encoder", encoder.output_shape, "num_inputs", latent)
        _check_width("decoder", decoder.input_shape, "num_outputs", latent)
        if decoder.output_shape[1:] != encoder.input_shape[1:]:
            raise ValueError(
                "The decoder's output must have the shape of the encoder's "
                f"input. Received: {decoder.output_shape[1:]} against "
                f"{encoder.input_shape[1:]}"
            )
        self.encoder = encoder
        self.latent = latent
        self.decoder = decoder
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        if not latent.built:
            # Here and not at the first call, or an optimizer built at
            # `compile` would lack the codebook.
            latent.build((None, latent.num_inputs))
            latent.built = True
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in ("reconstruction_loss", *latent.loss_weights, "psnr")
        ]
        self._latent_losses: list[dict[str, Any]] = []
        self.built = True

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the images."""
        return tuple(self.encoder.input_shape[1:])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        images = to_unit_interval(inputs, self.variable_dtype)
        latents = self.encoder(images, training=training)
        result = self.latent.compute(latents, training=training)
        # For `compute_loss`, which takes them away in the same step.
        self._latent_losses[:] = [result.losses]
        return self.decoder(result.outputs, training=training)

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
            raise ValueError(
                "`Autoencoder` has no use for sample weights: give it images, "
                "or (images, factors). Received: a `sample_weight`"
            )
        if not self._latent_losses:
            raise RuntimeError(
                "`compute_loss` belongs to a training or evaluation step: "
                "call the model on `x` first."
            )
        images = to_unit_interval(x, self.variable_dtype)
        logits = ops.cast(y_pred, images.dtype)
        losses = {
            "reconstruction_loss": self.reconstruction_loss(images, logits),
            **self._latent_losses.pop(),
        }
        losses = {name: ops.mean(loss) for name, loss in losses.items()}
        logs = {**losses, "psnr": ops.mean(psnr(images, logits))}
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
        return ops.mean(loss, axis=tuple(range(1, len(loss.shape))))

    @property
    def metrics(self) -> list[keras.Metric]:
        own = set(map(id, self._trackers))
        others = [m for m in super().metrics if id(m) not in own]
        return [*others, *self._trackers]

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        check_fit_data(x, self.image_shape, "x")
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple | list):
            check_fit_data(validation[0], self.image_shape, "validation_data")
        elif validation is not None:
            check_fit_data(validation, self.image_shape, "validation_data")
        if not hasattr(x, "__array__") and not _is_py_dataset(x):
            kwargs.setdefault("shuffle", False)  # Keras warns of `True`
        return super().fit(x, *args, **kwargs)

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.get("_use_cached_eval_dataset"):
            check_fit_data(x, self.image_shape, "x")
        return super().evaluate(x, *args, **kwargs)

    def encode(self, images: Any, batch_size: int = 256) -> np.ndarray:
        """The encoder's outputs, before the latent.

        Args:
            images: NumPy `(n, height, width, channels)`, floats in `[0, 1]`
                or integers in `[0, 255]`.
            batch_size: How many at a time.

        Returns:
            `(n, latent.num_inputs)`, float.
        """
        check_images(images, self.image_shape)
        return in_batches(self.encoder, images, batch_size, self.variable_dtype)

    def codes(self, images: Any, batch_size: int = 256) -> np.ndarray:
        """What is scored: `(n, num_latents)`, int32 if the latent is discrete.

        Args are those of `encode`.
        """
        latents = self.encode(images, batch_size)
        codes: np.ndarray = ops.convert_to_numpy(self.latent.codes(latents))
        return codes

    def decode(self, values: Any, batch_size: int = 256) -> np.ndarray:
        """Images of decoder inputs.

        Args:
            values: `(n, latent.num_outputs)`, as `latent.values` gives.
            batch_size: How many at a time.

        Returns:
            `(n, height, width, channels)` in `[0, 1]`.
        """
        values = ops.convert_to_numpy(ops.cast(values, self.variable_dtype))
        logits = in_batches(
            self.decoder, values, batch_size, self.variable_dtype
        )
        images: np.ndarray = ops.convert_to_numpy(ops.sigmoid(logits))
        return images

    def decode_codes(self, codes: Any, batch_size: int = 256) -> np.ndarray:
        """Images of codes `(n, num_latents)`, as `codes` gives.

        Returns:
            `(n, height, width, channels)` in `[0, 1]`.
        """
        return self.decode(self.latent.values(np.asarray(codes)), batch_size)

    def reconstruct(self, images: Any, batch_size: int = 256) -> np.ndarray:
        """Images encoded and decoded again, in `[0, 1]`.

        Args are those of `encode`.
        """
        return self.decode_codes(self.codes(images, batch_size), batch_size)

    def sample(
        self, num_samples: int, seed: int | None = None, batch_size: int = 256
    ) -> np.ndarray:
        """Images of codes drawn from the latent's prior.

        Args:
            num_samples: How many.
            seed: Integer for a repeatable draw; `None` goes on with the
                model's own generator.
            batch_size: How many at a time.

        Returns:
            `(num_samples, height, width, channels)` in `[0, 1]`.

        Raises:
            ValueError: The latent has no prior.
        """
        generator = self.seed_generator if seed is None else seed
        codes = self.latent.sample_codes(num_samples, seed=generator)
        return self.decode_codes(ops.convert_to_numpy(codes), batch_size)

    def save_own_variables(self, store: Any) -> None:
        # Keras does not save random state.
        super().save_own_variables(store)
        store[_SEED] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store: Any) -> None:
        self.seed_generator.state.assign(store[_SEED])
        others = {k: store[k] for k in set(store.keys()) - {_SEED}}
        super().load_own_variables(others)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "latent": keras.saving.serialize_keras_object(self.latent),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "seed": self.seed,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> "Autoencoder":
        config = dict(config)
        for part in ("encoder", "latent", "decoder"):
            config[part] = keras.saving.deserialize_keras_object(
                config[part], custom_objects=custom_objects
            )
        return cls(**config)


def _is_py_dataset(data: Any) -> bool:
    return isinstance(data, keras.utils.PyDataset)


def _check_width(
    part: str, shape: tuple[int | None, ...], wanted: str, latent: Latent
) -> None:
    width = getattr(latent, wanted)
    if shape[-1] != width:
        side = "output" if part == "encoder" else "input"
        raise ValueError(
            f"The {part}'s {side} must be {width} wide, the `{wanted}` of the "
            f"latent: build it with `latent.{wanted}`. "
            f"Received: {part}.{side}_shape={tuple(shape)}, "
            f"latent.{wanted}={width}"
        )
