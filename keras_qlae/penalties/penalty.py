"""The base class of penalties: losses of a batch's forward pass."""

import re
from collections.abc import Callable
from typing import Any
from typing import NamedTuple
from typing import Self

import keras

from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.latent import LatentOutputs


class ForwardPass(NamedTuple):
    """What a penalty may use: the forward pass of one batch.

    Tensors are in full precision, float32 or better, under every dtype
    policy, and carry their gradients.

    Attributes:
        images: `(batch, height, width, channels)` in `[0, 1]`.
        encoded: The encoder's output, `(batch, latent.num_inputs)`.
        latent: The latent space.
        outputs: What the latent computed from `encoded`. `outputs.outputs` is
            the decoder's input; `latent.scalars(encoded)` are the latents
            before quantization.
        logits: The decoder's output, of the shape of `images`: logits, or
            means if the model's likelihood is Gaussian.
        taps: Outputs of inner layers of the decoder, by layer name. Only
            layers that the model's penalties name are included.
        decode: Calls the decoder again, in the same mode, on values
            `(any batch, latent.num_outputs)`; returns logits and taps. Each
            layer computes in its own dtype.
        tap: As `decode`, but returns only the taps and computes no layer
            after them.
    """

    images: Any
    encoded: Any
    latent: Latent
    outputs: LatentOutputs
    logits: Any
    taps: dict[str, Any]
    decode: Callable[[Any], tuple[Any, dict[str, Any]]]
    tap: Callable[[Any], dict[str, Any]]


class Penalty:
    """Base class of penalties: a loss with a name and a weight, for a model.

    A penalty is a loss that belongs to no single layer: it may compare the
    examples of a batch, read the decoder's inner layers, or call the decoder
    again. It has no variables. A model adds `weight` times its mean to the
    loss, in training and in evaluation, and logs the mean unweighted under
    `name`.

    A subclass defines `compute`, `draw` if it needs random numbers, `taps` if
    it reads inner layers, and `get_config` if its constructor has further
    arguments. Register it with `keras.saving.register_keras_serializable`.

    Args:
        weight: Finite number of at least 0. With 0 the penalty is logged, but
            not part of the loss. Defaults to `1.0`.
        name: Name in the logs. Defaults to the class name in snake case.

    Attributes:
        taps: Names of the decoder's layers whose outputs it reads.
        needs_full_precision: Whether every layer of the decoder must compute
            in float32 or better.
        compares_images: Whether it compares the images of a batch, so that a
            batch cannot be computed in parts.

    Example:
        >>> class Size(Penalty):
        ...     def compute(self, forward, noise):
        ...         return keras.ops.mean(forward.encoded**2, axis=-1)
        >>> Size(0.1).name
        'size'

    Raises:
        ValueError: The weight is negative or not finite.
    """

    taps: tuple[str, ...] = ()
    needs_full_precision = False
    compares_images = False

    def __init__(self, weight: float = 1.0, name: str | None = None) -> None:
        check_loss_weights(weight=weight)
        self.weight = weight
        self.name = name or _snake_case(type(self).__name__)

    def check(self, decoder: keras.Model) -> None:
        """Checks the decoder when a model is made.

        Args:
            decoder: The decoder.

        Raises:
            ValueError: It computes in half precision, and the penalty
                `needs_full_precision`.
        """
        half = [
            layer.name
            for layer in decoder.layers
            if layer.compute_dtype in ("float16", "bfloat16")
        ]
        if self.needs_full_precision and half:
            raise ValueError(
                f"`{type(self).__name__}` needs a decoder that computes in "
                'float32 or better: build it with `dtype="float32"`. The '
                "encoder may compute in half precision. Received: half "
                f"precision in {', '.join(half)}"
            )

    def draw(self, batch_size: Any, latent: Latent, seed: Any) -> Any:
        """Draws the random numbers that `compute` needs for a batch.

        Args:
            batch_size: Number of examples.
            latent: The latent space.
            seed: The model's `keras.random.SeedGenerator`.

        Returns:
            A tensor or a structure of tensors with examples on the first
            axis, or `None`, as here, if nothing is needed.
        """
        return None

    def compute(self, forward: ForwardPass, noise: Any) -> Any:
        """Computes the unweighted penalty of a batch.

        Args:
            forward: The batch's forward pass.
            noise: What `draw` returned.

        Returns:
            A scalar, or one number per example, `(batch,)`, to be averaged.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)


def _snake_case(name: str) -> str:
    """Converts a name to snake case: `HTTPLoss` to `http_loss`."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()
