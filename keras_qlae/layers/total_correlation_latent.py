"""The latent space of a beta-TCVAE."""

import math
from typing import Any

import keras
from keras import ops

from keras_qlae.layers.checks import check_count
from keras_qlae.layers.checks import check_positive
from keras_qlae.layers.gaussian_posterior import GaussianPosterior
from keras_qlae.layers.latent import LatentOutputs


@keras.saving.register_keras_serializable(package="keras_qlae")
class TotalCorrelationLatent(GaussianPosterior):
    """Gaussian latents made independent: the latent of a beta-TCVAE.

    Like `GaussianLatent`, but the KL divergence is split into three losses.
    Only the total correlation, the dependence between latents, has a weight
    other than 1:

    - `mutual_information_loss`: `log q(z|x) - log q(z)`;
    - `total_correlation_loss`: `log q(z) - sum_k log q(z_k)`;
    - `dimension_kl_loss`: `sum_k log q(z_k) - log p(z_k)`;

    each in nats, divided by `num_pixel_values`. Over a batch of `b` of the
    data set's `n` examples, the density is estimated for each sample by
    minibatch-weighted sampling, `log q(z) = logsumexp_j log q(z|x_j) -
    log(b n)`. The density of each latent is estimated in the same way. For
    every batch the three add up to `log q(z|x) - log p(z)` of the sample.
    `b` and `n` shift the logged values and do not change the gradients. With
    batches of the usual size the mutual information is near its largest
    value, `log(b n)`.

    Gradients of the losses reach means and standard deviations of the whole
    batch. In evaluation the decoder gets the mean; the losses are computed
    for a sample with the same noise every time.

    Args:
        num_latents: Positive integer.
        num_pixel_values: Positive integer, `height * width * channels`: the
            losses are divided by it, as in `GaussianLatent`.
        num_examples: Positive integer, images in the training set.
        total_correlation_weight: Positive weight, the beta. The paper's is 3,
            0.3, 3 and 1 on 3D Shapes, MPI3D, Falcor3D and Isaac3D. Defaults
            to `1.0`, a VAE.
        seed: Integer or `None`, for the noise. The random state is saved with
            the layer.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., 2 * num_latents)`, float. All axes but the last are batch axes.
        The cost is quadratic in the size of the batch. Under `tf.distribute`
        the batch is that of one replica.

    Output shape:
        `(..., num_latents)`.

    Example:
        >>> latent = TotalCorrelationLatent(
        ...     num_latents=2, num_pixel_values=64 * 64 * 3, num_examples=1000
        ... )
        >>> latent.num_inputs
        4

    Raises:
        ValueError: `num_latents`, `num_pixel_values`, `num_examples` or
            `total_correlation_weight` is not positive, or the input has
            another width.

    Reference:
        Chen et al., "Isolating Sources of Disentanglement in Variational
        Autoencoders" (NeurIPS 2018, arXiv 1802.04942), equations 2 and S4.
    """

    compares_images = True

    def __init__(
        self,
        num_latents: int,
        num_pixel_values: int,
        num_examples: int,
        total_correlation_weight: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, num_pixel_values, seed, **kwargs)
        check_count(1, "images in the training set", num_examples=num_examples)
        check_positive(
            "the weight of the total correlation, 1 in a plain VAE",
            total_correlation_weight=total_correlation_weight,
        )
        self.num_examples = int(num_examples)
        self.total_correlation_weight = total_correlation_weight

    @property
    def loss_weights(self) -> dict[str, float]:
        return {
            "mutual_information_loss": 1.0,
            "total_correlation_loss": self.total_correlation_weight,
            "dimension_kl_loss": 1.0,
        }

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        posterior = self.posterior(inputs)
        means = posterior.mean
        if noise is None:
            noise = self.draw_noise(means, training=bool(training))
        sample = means + posterior.std * ops.cast(noise, means.dtype)
        mean, std, log_std, z = (
            ops.reshape(each, (-1, self.num_latents))
            for each in (*posterior, sample)
        )
        prior = ops.sum(_log_density(z, 0.0, 1.0, 0.0), axis=-1)
        own = ops.sum(_log_density(z, mean, std, log_std), axis=-1)
        # Log-density of each sample under each example's posterior, by latent.
        pairs = _log_density(z[:, None], mean, std, log_std)
        batch = ops.cast(ops.shape(z)[0], z.dtype)
        log_number = ops.log(batch) + math.log(self.num_examples)
        joint = ops.logsumexp(ops.sum(pairs, axis=-1), axis=1) - log_number
        marginals = ops.sum(ops.logsumexp(pairs, axis=1) - log_number, axis=-1)
        losses = {
            "mutual_information_loss": own - joint,
            "total_correlation_loss": joint - marginals,
            "dimension_kl_loss": marginals - prior,
        }
        losses = {
            name: ops.reshape(loss, ops.shape(sample)[:-1])
            / self.num_pixel_values
            for name, loss in losses.items()
        }
        outputs = ops.cast(sample if training else means, self.compute_dtype)
        return LatentOutputs(outputs, losses, codes=means)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_examples": self.num_examples,
            "total_correlation_weight": self.total_correlation_weight,
        }


def _log_density(z: Any, mean: Any, std: Any, log_std: Any) -> Any:
    """The log-density of a Gaussian, element by element, in nats."""
    distance = ops.square((z - mean) / std) / 2
    return -distance - log_std - math.log(2 * math.pi) / 2
