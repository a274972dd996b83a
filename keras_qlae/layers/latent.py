"""The base class of latent spaces: what lies between encoder and decoder."""

from typing import Any
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import is_integer
from keras_qlae.layers.precision import full_precision

_MOST = 1_000_000  # the largest number of latents


class LatentOutputs(NamedTuple):
    """What a latent computes from the encoder's output.

    Attributes:
        outputs: The decoder's input, `(..., num_outputs)`.
        losses: Unweighted losses by name, `(...)` each: one number per
            vector.
        codes: What is scored, `(..., num_latents)`.
        parts: The numbers of each latent, `(..., num_latents, part_width)`,
            if they differ from what the decoder reads.
    """

    outputs: Any
    losses: dict[str, Any]
    codes: Any
    parts: Any = None


class Latent(keras.layers.Layer):
    """Base class of latent spaces: a layer with losses of its own.

    An autoencoder is an encoder, a latent and a decoder. The encoder's last
    layer has `num_inputs` units, the decoder reads `num_outputs`. In your own
    functional model use a latent like any layer,
    `keras.Model(x, decoder(latent(encoder(x))))`: its `call` adds the weighted
    losses with `add_loss`, the same in training and evaluation.

    A mask of the input passes through; masked steps count in the losses.

    A subclass defines `compute` and `values`, overrides properties that
    differ, and defines `sample_codes` if it has a prior.

    Args:
        num_latents: Positive integer, number of latents that are scored.
        **kwargs: Passed to `keras.layers.Layer`.

    Attributes:
        is_discrete: Whether `codes` are integers. If so, set
            `codebook_sizes` in `__init__`: the number of values of each
            latent, `num_latents` integers. The explorer offers them.
        compares_images: Whether one of its losses compares the images of a
            batch, so that a batch cannot be computed in parts.
    """

    is_discrete = False
    compares_images = False

    def __init__(self, num_latents: int, **kwargs: Any) -> None:
        # No autocast: under a mixed policy the latent still gets the float32
        # numbers of the encoder's last layer.
        super().__init__(autocast=False, **kwargs)
        if not is_integer(num_latents) or not 1 <= num_latents <= _MOST:
            raise ValueError(
                "`num_latents` must be a positive integer, the number of "
                f"latents, at most {_MOST:,}. "
                f"Received: num_latents={num_latents!r}"
            )
        self.num_latents = int(num_latents)
        self.supports_masking = True

    @property
    def num_inputs(self) -> int:
        """Number of units that the encoder's last layer must have."""
        return self.num_latents

    @property
    def num_outputs(self) -> int:
        """Number of inputs that the decoder must have."""
        return self.num_latents

    @property
    def part_width(self) -> int:
        """How many numbers per latent a discriminator reads."""
        return self.num_outputs // self.num_latents

    @property
    def loss_weights(self) -> dict[str, float]:
        """The weight of each loss that `compute` returns, by name."""
        return {}

    @property
    def has_prior(self) -> bool:
        """Whether there is a prior to sample from."""
        return type(self).sample_codes is not Latent.sample_codes

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self._check_width(input_shape)

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        """Computes what `call` does, without storing anything on the layer.

        Args:
            inputs: `(..., num_inputs)`, the encoder's output.
            training: Whether in training mode.
            noise: The random numbers, if the latent uses any. Defaults to
                `None`: the latent draws them.

        Returns:
            A `LatentOutputs`.
        """
        raise NotImplementedError

    def codes(self, inputs: Any) -> Any:
        """Computes what is scored: int32 indices if discrete, else floats.

        Args:
            inputs: `(..., num_inputs)`, the encoder's output.

        Returns:
            `(..., num_latents)`. Integer codes carry no gradient. Symbolic
            if `inputs` are symbolic, such as a `keras.Input`.
        """
        if isinstance(inputs, keras.KerasTensor):
            return LatentCodes(self)(inputs)
        return self.compute(inputs, training=False).codes

    def scalars(self, inputs: Any) -> Any:
        """Returns each latent as one real number, if it is one.

        Figures draw the density of these numbers.

        Args:
            inputs: `(..., num_inputs)`, the encoder's output.

        Returns:
            `(..., num_latents)`, float, before quantization; or `None` if
            the latents are not numbers at that point.
        """
        return None if self.is_discrete else self.codes(inputs)

    def values(self, codes: Any) -> Any:
        """Computes the decoder's input for given codes.

        Args:
            codes: `(..., num_latents)`, as `codes` returns.

        Returns:
            `(..., num_outputs)`.
        """
        raise NotImplementedError

    def levels(self, codes: Any = None, num_values: int = 8) -> list[Any]:
        """Returns the codes to set each latent to in order to see its effect.

        For a scalar codebook these are all of its indices. For a large table
        they are `num_values` of the indices in use, for a continuous latent
        `num_values` steps from the first to the last percentile.

        Args:
            codes: `(num_images, num_latents)`, NumPy: what `codes` returns
                for some hundred images. Not needed for codebooks of scalars.
            num_values: How many, if no codebook determines it.

        Returns:
            One array per latent, in ascending order.

        Raises:
            ValueError: `codes` are needed but not given, or are continuous
                codes of a single image.
        """
        if hasattr(self, "codebooks"):
            return [np.arange(len(values)) for values in self.codebooks]
        found = np.zeros((0, self.num_latents)) if codes is None else codes
        if len(found) < (1 if self.is_discrete else 2):
            raise ValueError(
                f"`{type(self).__name__}` needs codes to find the values of "
                "its latents: give those of some hundred images, "
                f"`model.codes(images)`. Received: codes of {len(found)} images"
            )
        if self.is_discrete:
            used = [np.unique(column) for column in np.asarray(found).T]
            return [each[spread(len(each), num_values)] for each in used]
        low, high = np.quantile(found, [0.01, 0.99], axis=0)
        return list(np.linspace(low, high, num_values).T)

    def sample_codes(self, batch_size: int, seed: Any = None) -> Any:
        """Draws `(batch_size, num_latents)` codes from the prior.

        Args:
            batch_size: Number of examples.
            seed: Integer, `keras.random.SeedGenerator` or `None`.

        Raises:
            ValueError: The latent has no prior.
        """
        raise ValueError(
            f"`{type(self).__name__}` has no prior to sample from. Encode "
            "images and decode their codes instead, or use a latent with a "
            "prior such as `ScalarCodebookQuantizer`. "
            f"Received: batch_size={batch_size}"
        )

    def sample(self, batch_size: int, seed: Any = None) -> Any:
        """Draws decoder inputs `(batch_size, num_outputs)` from the prior.

        Args:
            batch_size: Number of examples.
            seed: Integer, `keras.random.SeedGenerator` or `None`.

        Raises:
            ValueError: The latent has no prior.
        """
        return self.values(self.sample_codes(batch_size, seed))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        result = self.compute(inputs, training=training)
        for name, loss in result.losses.items():
            # Even with a weight of 0: TensorFlow and PyTorch warn about
            # variables that no loss depends on.
            self.add_loss(self.loss_weights[name] * backend.mean(loss))
        return result.outputs

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.num_outputs)

    def compute_output_spec(
        self, inputs: Any, training: bool | None = None
    ) -> keras.KerasTensor:
        return keras.KerasTensor(
            self.compute_output_shape(inputs.shape), dtype=self.compute_dtype
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_latents": self.num_latents}

    def _ensure_built(self) -> None:
        """Creates the variables of a layer that was never called."""
        if not self.built:
            self.build((None, self.num_inputs))

    @property
    def _latent_dtype(self) -> str:
        """Dtype of distances, codebooks and losses: at least float32."""
        return full_precision(self.variable_dtype)

    def _to_latents(self, inputs: Any) -> Any:
        """Casts the encoder's output to full precision; checks its width."""
        inputs = ops.convert_to_tensor(inputs)
        self._check_width(inputs.shape)
        return ops.cast(inputs, self._latent_dtype)

    def _check_width(self, input_shape: tuple[int | None, ...]) -> None:
        if input_shape[-1] != self.num_inputs:
            raise ValueError(
                f"`{type(self).__name__}` needs inputs whose last axis is "
                f"{self.num_inputs} wide (`num_inputs`): give the last layer "
                "of the encoder that many units. "
                f"Received: input_shape={tuple(input_shape)}"
            )


def spread(size: int, count: int) -> Any:
    """Positions spread evenly from the first to the last of an array."""
    return np.linspace(0, size - 1, min(size, count)).astype(int)


@keras.saving.register_keras_serializable(package="keras_qlae")
class LatentCodes(keras.layers.Layer):
    """A layer whose outputs are the codes of a latent.

    A functional model that ends in it contains the latent with its variables,
    and can be saved.
    """

    def __init__(self, latent: Latent, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.latent = latent

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.latent._ensure_built()

    def call(self, inputs: Any) -> Any:
        return self.latent.codes(inputs)

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        self.latent._check_width(inputs.shape)
        shape = (*inputs.shape[:-1], self.latent.num_latents)
        is_discrete = self.latent.is_discrete
        dtype = "int32" if is_discrete else self.latent._latent_dtype
        return keras.KerasTensor(shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        latent = keras.saving.serialize_keras_object(self.latent)
        return {**super().get_config(), "latent": latent}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LatentCodes":
        latent = keras.saving.deserialize_keras_object(config["latent"])
        return cls(**{**config, "latent": latent})
