"""The base class of models of images with a latent space."""

from collections.abc import Callable
from typing import Any
from typing import Self

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.saved_seed import SavedSeed
from keras_qlae.metrics.image_quality import psnr
from keras_qlae.metrics.reconstruction_r2 import reconstruction_r2
from keras_qlae.models.images import check_images
from keras_qlae.models.images import is_image
from keras_qlae.models.images import to_unit_interval
from keras_qlae.models.inputs import check_fit_data
from keras_qlae.models.inputs import codes_in_batches
from keras_qlae.models.inputs import first
from keras_qlae.models.inputs import in_batches
from keras_qlae.models.inputs import refuse_weights
from keras_qlae.models.likelihood import Likelihood
from keras_qlae.models.likelihood import expected


class ImageModel(backend.StepModel, SavedSeed, keras.Model):
    """An encoder, a latent and a decoder, on NumPy arrays.

    If the encoder reads vectors, `(batch, width)` or `(batch, length, width)`,
    the descriptions of images hold for them, except that their numbers have no
    range and are not scaled.

    A subclass sets `encoder`, a model from images to
    `(batch, latent.num_inputs)`, and `decoder`, a model from
    `(batch, latent.num_outputs)` to images: logits, or what `likelihood`
    defines. It defines its losses as a pure function. With them it defines
    `update` and `assess`, the steps of `fit` and `evaluate`. The model's
    `metrics` log the losses by name.

    Args:
        latent: A `keras_qlae.layers.Latent`.
        seed: Integer or `None`, for all random numbers.
        **kwargs: Passed to `keras.Model`.
    """

    encoder: keras.Model
    decoder: keras.Model
    likelihood: Likelihood = "bernoulli"
    compares_images = False  # as in `Latent`

    def __init__(
        self, latent: Latent, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.latent = latent
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        if not latent.built:
            # Not at the first call: an optimizer built at `compile` would
            # lack the codebook.
            latent.build((None, latent.num_inputs))
            latent.built = True

    @property
    def image_shape(self) -> tuple[int, ...]:
        """`(height, width, channels)` of the images; or that of a vector."""
        return tuple(self.encoder.input_shape[1:])

    @property
    def has_images(self) -> bool:
        """Whether it is a model of images, not of vectors."""
        return is_image(self.image_shape)

    @property
    def fidelity(self) -> str:
        """The method that scores reconstructions: that of images is PSNR."""
        return "psnr" if self.has_images else "reconstruction_r2"

    def check_batch(self, batch_size: int | None) -> None:
        """Raises `ValueError` for batches that cannot be used for training.

        Args:
            batch_size: Images in a batch; `None` if they vary.
        """

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        refuse_weights(
            sample_weight=kwargs.get("sample_weight"),
            class_weight=kwargs.get("class_weight"),
        )
        check_fit_data(x, self.image_shape, "x")
        for size in _batch_sizes(x, args, kwargs):
            self.check_batch(size)
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple | list):
            validation = validation[0]
        check_fit_data(validation, self.image_shape, "validation_data")
        is_shuffled = isinstance(x, keras.utils.PyDataset)
        if not hasattr(x, "__array__") and not is_shuffled:
            kwargs.setdefault("shuffle", False)  # Keras warns about `True`
        return super().fit(x, *args, **kwargs)

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        # Keras' `fit` sets this for validation data; `fit` has checked them.
        if not kwargs.get("_use_cached_eval_dataset"):
            check_fit_data(x, self.image_shape, "x")
        return super().evaluate(x, *args, **kwargs)

    @property
    def call_shape(self) -> tuple[int, ...]:
        """Shape of the model's input, without the batch axis."""
        return self.image_shape

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        # Keras takes the signature from the first call, and refuses a model
        # that was not called, such as a loaded one. Here it is known.
        is_saved_model = format == "tf_saved_model"
        if is_saved_model and keras.backend.backend() == "torch":
            raise ValueError(
                "Keras cannot write a SavedModel on PyTorch: use "
                "`keras_qlae.export_model(model, path)`. "
                f"Received: format={format!r}"
            )
        if input_signature is None:
            spec = keras.InputSpec(
                shape=(None, *self.call_shape), dtype=self.input_dtype
            )
            input_signature = [spec]
        super().export(filepath, format, verbose, input_signature, **kwargs)

    def encode(self, images: Any, batch_size: int = 256) -> np.ndarray:
        """Computes the encoder's outputs, before the latent.

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
        """Computes the codes of images, which are what is scored.

        Args are those of `encode`. Returns `(n, num_latents)`, int32 if the
        latent is discrete.
        """
        encoded = self.encode(images, batch_size)
        return codes_in_batches(self.latent, encoded, batch_size)

    def decode(self, values: Any, batch_size: int = 256) -> np.ndarray:
        """Decodes decoder inputs to images.

        Args:
            values: `(n, latent.num_outputs)`, as `latent.values` gives.
            batch_size: How many at a time.

        Returns:
            `(n, height, width, channels)` in `[0, 1]`.
        """
        values = ops.convert_to_numpy(ops.cast(values, self.variable_dtype))
        outputs = in_batches(
            self.decoder, values, batch_size, self.variable_dtype
        )
        images: np.ndarray = ops.convert_to_numpy(
            expected(self.likelihood, ops.convert_to_tensor(outputs))
        )
        return images

    def decode_codes(self, codes: Any, batch_size: int = 256) -> np.ndarray:
        """Decodes codes `(n, num_latents)`, as `codes` returns, to images.

        Returns:
            `(n, height, width, channels)` in `[0, 1]`.
        """
        return self.decode(self.latent.values(np.asarray(codes)), batch_size)

    def reconstruct(self, images: Any, batch_size: int = 256) -> np.ndarray:
        """Encodes and decodes images; returns images in `[0, 1]`.

        Args are those of `encode`.
        """
        return self.decode_codes(self.codes(images, batch_size), batch_size)

    def traverse(
        self, images: Any, levels: Any = None, batch_size: int = 256
    ) -> list[np.ndarray]:
        """Sets one latent at a time to each of its values; decodes the result.

        Args:
            images: NumPy `(n, height, width, channels)`, as in `encode`.
            levels: For each latent the codes that it is set to. Defaults to
                `latent.levels`, for continuous latents with the range of
                `images`.
            batch_size: How many at a time.

        Returns:
            For each latent `(n, num_values, height, width, channels)`, floats
            in `[0, 1]`.

        Raises:
            ValueError: The model cannot read the images, the number of levels
                is wrong, or there is a single image and latents are
                continuous.
        """
        own = self.codes(images, batch_size)
        if levels is None:
            levels = self.latent.levels(own)
        if len(levels) != own.shape[1]:
            raise ValueError(
                f"`levels` must have an array for each of the {own.shape[1]} "
                f"latents. Received: {len(levels)}"
            )
        grids = []
        for latent, row in enumerate(levels):
            changed = np.repeat(own[:, None], len(row), axis=1)
            changed[:, :, latent] = row
            flat = self.decode_codes(
                changed.reshape(-1, own.shape[1]), batch_size
            )
            grids.append(flat.reshape(*changed.shape[:2], *self.image_shape))
        return grids

    def psnr(self, images: Any, batch_size: int = 256) -> np.ndarray:
        """Scores reconstructions with `keras_qlae.metrics.psnr`.

        Args are those of `encode`.

        Returns:
            `(n,)`, the peak signal-to-noise ratio of each image in dB; higher
            is better.
        """
        images = np.asarray(images)
        parts = [
            psnr(_in_range(part), self.reconstruct(part, batch_size))
            for part in np.split(images, range(1000, len(images), 1000))
            if len(part)
        ]
        return np.concatenate([np.zeros(0), *parts])

    def reconstruction_r2(self, vectors: Any, batch_size: int = 256) -> float:
        """How close reconstructions are, by `metrics.reconstruction_r2`.

        Args are those of `encode`.

        Returns:
            The share of the variance that is kept, at most 1.
        """
        vectors = np.asarray(vectors)
        return reconstruction_r2(vectors, self.reconstruct(vectors, batch_size))

    def sample(
        self, num_samples: int, seed: int | None = None, batch_size: int = 256
    ) -> np.ndarray:
        """Draws codes from the latent's prior and decodes them to images.

        Args:
            num_samples: How many.
            seed: Integer for a repeatable draw; `None` uses the model's own
                generator.
            batch_size: How many at a time.

        Returns:
            `(num_samples, height, width, channels)` in `[0, 1]`.

        Raises:
            ValueError: The latent has no prior.
        """
        generator = self.seed_generator if seed is None else seed
        codes = self.latent.sample_codes(num_samples, seed=generator)
        return self.decode_codes(ops.convert_to_numpy(codes), batch_size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent": keras.saving.serialize_keras_object(self.latent),
            "seed": self.seed,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> Self:
        config = {
            name: keras.saving.deserialize_keras_object(
                value, custom_objects=custom_objects
            )
            if isinstance(value, dict | list)
            else value
            for name, value in config.items()
        }
        return cls(**config)

    def _images_of(self, data: Any) -> Any:
        """The images of a batch, as Keras passes it to a step."""
        x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        refuse_weights(sample_weight=sample_weight)
        return to_unit_interval(x, self.variable_dtype)

    def _descend(
        self,
        compute: Callable[[], tuple[Any, Any]],
        variables: list[Any],
        optimizer: keras.optimizers.Optimizer,
    ) -> Any:
        """Updates variables once by the gradients of a loss.

        `compute` returns the loss, and any structure of tensors. That is
        returned without gradients.
        """
        state = [
            *self.trainable_variables,
            *self.non_trainable_variables,
            *self.optimizer.variables,
            *self.metrics_variables,
        ]
        _, extras, gradients = backend.value_and_gradients(
            compute, variables, state
        )
        backend.apply_gradients(optimizer, gradients, variables)
        return extras

    def _logged(
        self, losses: dict[str, Any], num_images: Any
    ) -> dict[str, Any]:
        """Adds a batch to the means that are logged, and returns them."""
        for metric in self.metrics:
            if metric.name in losses:
                metric.update_state(losses[metric.name], num_images)
        means: dict[str, Any] = self.get_metrics_result()
        return means


def _in_range(images: np.ndarray) -> np.ndarray:
    """Clips to `[0, 1]` what rounding has moved outside."""
    return images if images.dtype.kind in "iu" else np.clip(images, 0, 1)


def _batch_sizes(
    data: Any, args: Any, kwargs: dict[str, Any]
) -> tuple[int | None, ...]:
    """Sizes of the batches of `fit`, as far as they are known beforehand.

    `None` stands for a `tf.data.Dataset` whose batches may differ in size.
    """
    if hasattr(data, "element_spec"):
        shape = first(data.element_spec).shape
        return (None if shape.rank is None else shape[0],)
    if hasattr(data, "__array__"):
        given = args[1] if len(args) > 1 else kwargs.get("batch_size")
        held_out = kwargs.get("validation_split") or 0.0
        size, number = given or 32, int(len(data) * (1 - held_out))
        last = number % size
        return (size, last) if last and number > size else (last or size,)
    return ()
