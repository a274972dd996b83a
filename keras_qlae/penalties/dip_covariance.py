"""The covariance penalty of DIP-VAE, in both variants."""

from typing import Any
from typing import Literal

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.gaussian_posterior import GaussianPosterior
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty
from keras_qlae.penalties.scalars import scalars

_VARIANTS = ("I", "II")


@keras.saving.register_keras_serializable(package="keras_qlae")
class DIPCovariance(Penalty):
    """Measures how far the covariance of the latents is from the identity.

    It is the sum of squared covariances between latents, plus
    `diagonal_weight` times the sum of squares of `variance - 1`. It is one
    number for the batch, and at least 0. With a `GaussianLatent` it makes a
    DIP-VAE:

    - variant `"I"` takes the covariance of the means over the batch. With
      other latents it takes that of the numbers before quantization.
    - variant `"II"` adds the mean over the batch of the posteriors'
      variances to the diagonal. It needs a latent with posteriors.

    The covariance is divided by the size of the batch. Gradients reach the
    encoder through means and variances. The decoder gets no gradients.

    Args:
        weight: As in `Penalty`. The paper's weight off the diagonal is for a
            reconstruction loss that is a sum over pixels and channels. For a
            mean over them, as in `Autoencoder`, divide it by
            `height * width * channels`.
        diagonal_weight: Weight of the diagonal relative to the rest, at least
            0. The paper's is 10 for variant I and 1 for II. Defaults to
            `10.0`.
        variant: `"I"` or `"II"`. Defaults to `"I"`.
        name: As in `Penalty`.

    Raises:
        ValueError: A weight is negative or not finite, or the variant is
            unknown. When a model is first called: the latents are not
            numbers, or have no posteriors (variant II).

    Note:
        Under `tf.distribute` the batch is that of one replica.

    Example:
        >>> DIPCovariance(10 / (64 * 64 * 3), variant="I").name
        'dip_covariance'

    Reference:
        Kumar et al., "Variational Inference of Disentangled Latent Concepts
        from Unlabeled Observations" (ICLR 2018, arXiv 1711.00848), equations
        6 and 7.
    """

    compares_images = True

    def __init__(
        self,
        weight: float = 1.0,
        diagonal_weight: float = 10.0,
        variant: Literal["I", "II"] = "I",
        name: str | None = None,
    ) -> None:
        super().__init__(weight, name)
        check_loss_weights(diagonal_weight=diagonal_weight)
        if variant not in _VARIANTS:
            raise ValueError(
                "`variant` must be 'I', for the means alone, or 'II', for the "
                f"means and the posteriors. Received: variant={variant!r}"
            )
        self.diagonal_weight = diagonal_weight
        self.variant = variant

    def compute(self, forward: ForwardPass, noise: Any) -> Any:
        z = scalars(self, forward)
        centered = z - backend.mean(z, axis=0)
        # -> (batch, num_latents, num_latents)
        products = centered[:, :, None] * centered[:, None]
        covariance = backend.mean(products, axis=0)
        identity = ops.eye(forward.latent.num_latents, dtype=z.dtype)
        if self.variant == "II":
            variances = ops.square(self._posterior_stds(forward))
            covariance = covariance + identity * backend.mean(variances, axis=0)
        weights = 1 + (self.diagonal_weight - 1) * identity
        return ops.sum(weights * ops.square(covariance - identity))

    def _posterior_stds(self, forward: ForwardPass) -> Any:
        latent = forward.latent
        if not isinstance(latent, GaussianPosterior):
            raise ValueError(
                "`DIPCovariance` of variant 'II' needs a latent with a "
                "Gaussian posterior, such as `GaussianLatent`; variant 'I' "
                f"does not. Received: {type(latent).__name__}"
            )
        return latent.posterior(forward.encoded).std

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "diagonal_weight": self.diagonal_weight,
            "variant": self.variant,
        }
