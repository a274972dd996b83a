"""What latents have in common that snap to learned values."""

from typing import Any

from keras import ops

from keras_qlae import backend
from keras_qlae.layers.discrete_latent import DiscreteLatent
from keras_qlae.layers.discrete_latent import straight_through
from keras_qlae.layers.latent import LatentOutputs
from keras_qlae.layers.latent import check_loss_weights


class CodebookLatent(DiscreteLatent):
    """Base of the latents whose values are learned by two losses.

    The quantization loss, `mean((stop(input) - value)**2)`, moves the values
    to the inputs; the commitment loss, `mean((input - stop(value))**2)`, the
    inputs to the values. Both are means over the coordinates.

    A subclass sets `codebook_sizes` and defines `codes` and `lookup`.

    Args:
        num_latents: Positive integer.
        quantization_weight: Weight of the quantization loss.
        commitment_weight: Weight of the commitment loss.
        **kwargs: Passed to `keras.layers.Layer`.
    """

    def __init__(
        self,
        num_latents: int,
        quantization_weight: float,
        commitment_weight: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, **kwargs)
        check_loss_weights(
            quantization_weight=quantization_weight,
            commitment_weight=commitment_weight,
        )
        self.quantization_weight = quantization_weight
        self.commitment_weight = commitment_weight

    @property
    def loss_weights(self) -> dict[str, float]:
        return {
            "quantization_loss": self.quantization_weight,
            "commitment_loss": self.commitment_weight,
        }

    def compute(
        self, inputs: Any, training: bool | None = None
    ) -> LatentOutputs:
        z = self._to_latents(inputs)
        codes = self.codes(z)
        # The losses read the value before the straight-through sum, through
        # which no gradient would reach the codebook.
        value = self.lookup(codes)
        losses = {
            "quantization_loss": backend.mean(
                ops.square(ops.stop_gradient(z) - value), axis=-1
            ),
            "commitment_loss": backend.mean(
                ops.square(z - ops.stop_gradient(value)), axis=-1
            ),
        }
        outputs = ops.cast(straight_through(value, z), self.compute_dtype)
        return LatentOutputs(outputs, losses, codes)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "quantization_weight": self.quantization_weight,
            "commitment_weight": self.commitment_weight,
        }
