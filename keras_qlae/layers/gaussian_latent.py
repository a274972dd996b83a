"""The latent space of a beta-VAE."""

from typing import Any

import keras
from keras import ops

from keras_qlae.layers.checks import check_positive
from keras_qlae.layers.gaussian_posterior import GaussianPosterior
from keras_qlae.layers.latent import LatentOutputs


@keras.saving.register_keras_serializable(package="keras_qlae")
class GaussianLatent(GaussianPosterior):
    """One Gaussian per latent, kept near N(0, 1): the latent of a beta-VAE.

    The first half of the encoder's output is the means. The softplus of the
    second half is the standard deviations. In training the decoder gets
    `mean + std * noise`, with new noise each time, in evaluation the mean.
    `codes` are the means. Samples are drawn from the prior N(0, 1).

    The loss is the KL divergence from the prior in nats,
    `sum((mean**2 + std**2 - 1) / 2 - log(std))` over the latents, divided by
    `num_pixel_values`. Its gradients reach means and standard deviations, and
    so do those of the decoder's input in training.

    Args:
        num_latents: Positive integer.
        num_pixel_values: Positive integer, `height * width * channels`. The
            KL divergence is divided by it, to match a reconstruction loss
            that is a mean over pixel values, as in `Autoencoder`. Pass `1`
            for a loss that is a sum over them.
        kl_weight: Positive weight of the KL divergence, the beta. The paper's
            is 3, 0.1, 10 and 0.3 on 3D Shapes, MPI3D, Falcor3D and Isaac3D.
            Defaults to `1.0`.
        seed: Integer or `None`, for the noise. The random state is saved with
            the layer.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., 2 * num_latents)`, float.

    Output shape:
        `(..., num_latents)`.

    Example:
        >>> latent = GaussianLatent(num_latents=2, num_pixel_values=64 * 64 * 3)
        >>> z = keras.ops.array([[0.5, -1.0, 0.0, 0.0]])
        >>> keras.ops.convert_to_numpy(latent(z)).tolist()
        [[0.5, -1.0]]

    Raises:
        ValueError: `num_latents`, `num_pixel_values` or `kl_weight` is not
            positive, or the input has another width.

    Reference:
        Higgins et al., "beta-VAE" (ICLR 2017).
    """

    def __init__(
        self,
        num_latents: int,
        num_pixel_values: int,
        kl_weight: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, num_pixel_values, seed, **kwargs)
        check_positive(
            "the weight of the KL divergence; for no KL divergence use "
            "`ContinuousLatent`",
            kl_weight=kl_weight,
        )
        self.kl_weight = kl_weight

    @property
    def loss_weights(self) -> dict[str, float]:
        return {"kl_loss": self.kl_weight}

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        mean, std, log_std = self.posterior(inputs)
        outputs = mean
        if training:
            noise = self.draw_noise(mean) if noise is None else noise
            outputs = mean + std * ops.cast(noise, mean.dtype)
        kl = (ops.square(mean) + ops.square(std) - 1) / 2 - log_std
        losses = {"kl_loss": ops.sum(kl, axis=-1) / self.num_pixel_values}
        outputs = ops.cast(outputs, self.compute_dtype)
        return LatentOutputs(outputs, losses, codes=mean)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kl_weight": self.kl_weight}
