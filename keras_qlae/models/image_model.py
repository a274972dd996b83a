"""What every model of images with a latent space offers."""

from typing import Any
from typing import Self

import keras
import numpy as np
from keras import ops

from keras_qlae.layers.latent import Latent
from keras_qlae.layers.saved_seed import SavedSeed
from keras_qlae.models.images import check_images
from keras_qlae.models.inputs import check_fit_data
from keras_qlae.models.inputs import first
from keras_qlae.models.inputs import in_batches


class ImageModel(SavedSeed, keras.Model):
    """An encoder, a latent and a decoder, on NumPy arrays.

    A subclass sets `encoder`, a model from images to
    `(batch, latent.num_inputs)`, and `decoder`, one from
    `(batch, latent.num_outputs)` to image logits, and says how they are
    trained.

    Args:
        latent: A `keras_qlae.layers.Latent`.
        seed: Integer or `None`, of everything that is drawn.
        **kwargs: Passed to `keras.Model`.
    """

    encoder: keras.Model
    decoder: keras.Model

    def __init__(
        self, latent: Latent, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.latent = latent
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._is_fitting = False
        if not latent.built:
            # Here and not at the first call, or an optimizer built at
            # `compile` would lack the codebook.
            latent.build((None, latent.num_inputs))
            latent.built = True

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the images."""
        return tuple(self.encoder.input_shape[1:])

    def check_batch(self, batch_size: int | None) -> None:
        """Raises `ValueError` for batches that cannot be trained on.

        Args:
            batch_size: Images in a batch; `None` if they vary.
        """

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("sample_weight") is not None:
            refuse_sample_weight()
        check_fit_data(x, self.image_shape, "x")
        for size in _batch_sizes(x, args, kwargs):
            self.check_batch(size)
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple | list):
            validation = validation[0]
        check_fit_data(validation, self.image_shape, "validation_data")
        if not hasattr(x, "__array__") and not _is_py_dataset(x):
            kwargs.setdefault("shuffle", False)  # Keras warns of `True`
        self._is_fitting = True
        try:
            return super().fit(x, *args, **kwargs)
        finally:
            self._is_fitting = False

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        if not self._is_fitting:  # else it was checked by `fit`
            check_fit_data(x, self.image_shape, "x")
        return super().evaluate(x, *args, **kwargs)

    @property
    def call_shape(self) -> tuple[int, ...]:
        """Shape of what the model is called with, without the batch."""
        return self.image_shape

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        # Keras takes the signature from the first call and refuses a model
        # that was not called, as one that is loaded; ours is known.
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
            if isinstance(value, dict) and "class_name" in value
            else value
            for name, value in config.items()
        }
        return cls(**config)


def refuse_sample_weight() -> None:
    """Raises: these models have no use for sample weights."""
    raise ValueError(
        "This model has no use for sample weights: give it images, or "
        "(images, factors). Received: a `sample_weight`"
    )


def check_networks(**networks: Any) -> None:
    """Raises `ValueError` unless the shapes of all networks are known.

    Args:
        **networks: By what they are, for the message.
    """
    for part, network in networks.items():
        if not hasattr(network, "output_shape"):
            raise ValueError(
                f"The {part} is not built, so it has no weights and no shapes: "
                "make it a functional model, `keras.Model(inputs, outputs)`, "
                "or a `keras.Sequential` that begins with a `keras.Input`. "
                f"Received: {type(network).__name__} {network.name!r}"
            )


def check_width(
    part: str, shape: tuple[int | None, ...], wanted: str, latent: Latent
) -> None:
    """Raises `ValueError` unless a network fits its side of the latent.

    Args:
        part: What the network is, for the message.
        shape: Its output shape (encoder) or input shape (decoder).
        wanted: `"num_inputs"` or `"num_outputs"`, of the latent.
        latent: The latent.
    """
    width = getattr(latent, wanted)
    if shape[-1] != width:
        side = "output" if wanted == "num_inputs" else "input"
        raise ValueError(
            f"The {part}'s {side} must be {width} wide, the `{wanted}` of the "
            f"latent: build it with `latent.{wanted}`. "
            f"Received: {side} shape {tuple(shape)}, latent.{wanted}={width}"
        )


def _is_py_dataset(data: Any) -> bool:
    return isinstance(data, keras.utils.PyDataset)


def _batch_sizes(
    data: Any, args: Any, kwargs: dict[str, Any]
) -> tuple[int | None, ...]:
    """Images in the batches of `fit`, as far as they can be told beforehand.

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
