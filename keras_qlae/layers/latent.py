"""What every latent space is: the contract between encoder and decoder."""

from typing import Any
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import is_integer
from keras_qlae.layers.precision import full_precision

_MOST = 1_000_000  # latents


class LatentOutputs(NamedTuple):
    """What a latent makes of the encoder's output.

    Attributes:
        outputs: The decoder's input, `(..., num_outputs)`.
        losses: Unweighted losses by name, one a vector: `(...)` each.
        codes: What is scored, `(..., num_latents)`.
        parts: What stands for each latent by itself, `(..., num_latents,
            part_width)`, where that is not what the decoder reads.
    """

    outputs: Any
    losses: dict[str, Any]
    codes: Any
    parts: Any = None


class Latent(keras.layers.Layer):
    """Base of the latent spaces: a layer that brings its own losses.

    An autoencoder is an encoder, a latent and a decoder. The encoder's head
    has `num_inputs` units, the decoder reads `num_outputs`. In a functional
    model of one's own a latent is used like any layer,
    `keras.Model(x, decoder(latent(encoder(x))))`: its `call` adds the weighted
    losses with `add_loss`, the same in training and evaluation.

    A mask of the input passes through; masked steps count in the losses.

    A subclass defines `compute` and `values`, the properties below where they
    differ, and `sample_codes` if it has a prior.

    Args:
        num_latents: Positive integer, number of latents that are scored.
        **kwargs: Passed to `keras.layers.Layer`.

    Attributes:
        is_discrete: Whether `codes` are integers. If so, set
            `codebook_sizes` in `__init__`: the number of values of each
            latent, `num_latents` integers. The explorer offers them.
        compares_images: Whether a loss of it is more than a mean over the
            images of a batch, so that parts of a batch do not do.
    """

    is_discrete = False
    compares_images = False

    def __init__(self, num_latents: int, **kwargs: Any) -> None:
        # No autocast: under a mixed policy the latent still sees the float32
        # numbers of the encoder's head.
        super().__init__(autocast=False, **kwargs)
        if not is_integer(num_latents) or not 1 <= num_latents <= _MOST:
            raise ValueError(
                "`num_latents` must be a positive integer, the number of "
                f"latents, of at most {_MOST:,}. "
                f"Received: num_latents={num_latents!r}"
            )
        self.num_latents = int(num_latents)
        self.supports_masking = True

    @property
    def num_inputs(self) -> int:
        """Width the encoder's head must have."""
        return self.num_latents

    @property
    def num_outputs(self) -> int:
        """Width the decoder reads."""
        return self.num_latents

    @property
    def part_width(self) -> int:
        """How many numbers stand for one latent, as a discriminator sees it."""
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
        """What `call` computes, with nothing stored on the layer.

        Args:
            inputs: `(..., num_inputs)`, the encoder's output.
            training: Whether in training mode.
            noise: What the latent would draw itself, if it draws anything;
                `None` to have it drawn.

        Returns:
            A `LatentOutputs`.
        """
        raise NotImplementedError

    def codes(self, inputs: Any) -> Any:
        """What is scored: int32 indices if discrete, else floats.

        Args:
            inputs: `(..., num_inputs)`, the encoder's output.

        Returns:
            `(..., num_latents)`. Integer codes carry no gradient. Symbolic
            if `inputs` are, a `keras.Input` for instance.
        """
        if isinstance(inputs, keras.KerasTensor):
            return LatentCodes(self)(inputs)
        return self.compute(inputs, training=False).codes

    def scalars(self, inputs: Any) -> Any:
        """Each latent as one real number, where it is one.

        For figures of their density.

        Args:
            inputs: `(..., num_inputs)`, the encoder's output.

        Returns:
            `(..., num_latents)`, float, before they are made discrete; or
            `None` if they are no numbers then.
        """
        return None if self.is_discrete else self.codes(inputs)

    def values(self, codes: Any) -> Any:
        """The decoder's input for given codes.

        Args:
            codes: `(..., num_latents)`, as `codes` returns.

        Returns:
            `(..., num_outputs)`.
        """
        raise NotImplementedError

    def levels(self, codes: Any = None, num_values: int = 8) -> list[Any]:
        """The codes that each latent is set to, to see what it does.

        Those of a scalar codebook are all of its indices. Of a large table
        they are `num_values` of the indices in use, and of a continuous latent
        as many steps from the first to the last percentile.

        Args:
            codes: `(num_images, num_latents)`, NumPy: what `codes` returns
                for some hundred images. It is not needed where there are
                codebooks of scalars.
            num_values: How many, where they are not told by a codebook.

        Returns:
            An array a latent, in ascending order.

        Raises:
            ValueError: `codes` are needed and not given, or continuous ones
                of a single image.
        """
        if hasattr(self, "codebooks"):
            return [np.arange(len(values)) for values in self.codebooks]
        found = np.zeros((0, self.num_latents)) if codes is None else codes
        if len(found) < (1 if self.is_discrete else 2):
            raise ValueError(
                f"`{type(self).__name__}` does not tell by itself which values "
                "its latents have: give the codes of some hundred images, as "
                f"`model.codes(images)`. Received: codes of {len(found)} images"
            )
        if self.is_discrete:
            used = [np.unique(column) for column in np.asarray(found).T]
            return [each[_spread(len(each), num_values)] for each in used]
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
            # With a weight of 0 too: TensorFlow and PyTorch warn of variables
            # that no loss reaches.
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
        """Makes the variables of a layer that was never called."""
        if not self.built:
            self.build((None, self.num_inputs))

    @property
    def _latent_dtype(self) -> str:
        """Dtype of distances, codebooks and losses: at least float32."""
        return full_precision(self.variable_dtype)

    def _to_latents(self, inputs: Any) -> Any:
        """The encoder's output in full precision, its width checked."""
        inputs = ops.convert_to_tensor(inputs)
        self._check_width(inputs.shape)
        return ops.cast(inputs, self._latent_dtype)

    def _check_width(self, input_shape: tuple[int | None, ...]) -> None:
        if input_shape[-1] != self.num_inputs:
            raise ValueError(
                f"`{type(self).__name__}` needs inputs whose last axis is "
                f"{self.num_inputs} wide (`num_inputs`): give the encoder a "
                "head of that many units. "
                f"Received: input_shape={tuple(input_shape)}"
            )


def _spread(size: int, count: int) -> Any:
    """Positions spread evenly over an array."""
    return np.linspace(0, size - 1, min(size, count)).astype(int)


@keras.saving.register_keras_serializable(package="keras_qlae")
class LatentCodes(keras.layers.Layer):
    """The codes of a latent as the output of a layer.

    So that a functional model whose output they are holds the latent, with
    its variables, and can be saved.

    Args:
        latent: A `Latent`.
        **kwargs: Passed to `keras.layers.Layer`.
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
