"""Tripod's kernel estimate of the dependence between latents."""

import math
from typing import Any
from typing import Literal

import keras
from keras import ops

from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty
from keras_qlae.penalties.scalars import spreads

_BANDWIDTHS = ("paper", "silverman")


@keras.saving.register_keras_serializable(package="keras_qlae")
class KernelTotalCorrelation(Penalty):
    """Estimates the dependence between latents with kernel densities.

    It estimates the total correlation, `log p(z) - sum_k log p(z_k)` in
    nats, one number per example. Each density is a mean of Gaussians around
    the examples of the batch, including the example itself. Let `sigma` be
    the standard deviation of each latent over the batch before quantization
    (plus 1e-6). The Gaussians of the joint density have the standard
    deviations `s * sigma`, by Silverman's rule for `n` latents and `b`
    examples: `s = (4 / (n + 2))**(1 / (n + 4)) * b**(-1 / (n + 4))`. The
    densities are taken at the decoder's inputs.

    Use it with a quantizer. A constant latent adds a number that does not
    depend on the other latents.

    Gradients reach the encoder through both examples of each pair, straight
    through the quantizer, and through `sigma`. The decoder gets no gradients.

    Args:
        weight: As in `Penalty`. The paper's is 1e-4, 1e-8, 1e-10 and 1e-4
            on 3D Shapes, MPI3D, Falcor3D and Isaac3D.
        marginal_bandwidth: The factor of `sigma` in the density of one
            latent. `"paper"` is 1, as in the authors' code. It is wider than
            `s`, so that the estimate is not consistent and is often negative.
            `"silverman"` is Silverman's rule for one latent.
        name: As in `Penalty`.

    Raises:
        ValueError: The weight or bandwidth is invalid. When a model is first
            called: the latents are not numbers.

    Note:
        Time and memory grow as `b**2 * n`. Under `tf.distribute` the batch
        is that of one replica.

    Example:
        >>> KernelTotalCorrelation(1e-4).name
        'kernel_total_correlation'

    Reference:
        Hsu et al., "Tripod: Three Complementary Inductive Biases for
        Disentangled Representation Learning" (ICML 2024), section 3.2.
    """

    compares_images = True

    def __init__(
        self,
        weight: float = 1.0,
        marginal_bandwidth: Literal["paper", "silverman"] = "paper",
        name: str | None = None,
    ) -> None:
        super().__init__(weight, name)
        if marginal_bandwidth not in _BANDWIDTHS:
            raise ValueError(
                f"`marginal_bandwidth` must be one of "
                f"{', '.join(map(repr, _BANDWIDTHS))}. "
                f"Received: marginal_bandwidth={marginal_bandwidth!r}"
            )
        self.marginal_bandwidth = marginal_bandwidth

    def compute(self, forward: ForwardPass, noise: Any) -> Any:
        z = forward.outputs.outputs
        num_latents = forward.latent.num_latents
        log_batch = ops.log(ops.cast(ops.shape(z)[0], z.dtype))
        log_joint = _log_silverman(num_latents, log_batch)
        log_marginal = (
            _log_silverman(1, log_batch)
            if self.marginal_bandwidth == "silverman"
            else 0.0 * log_batch
        )
        # -> (batch, batch, num_latents)
        distances = (z[:, None] - z) / spreads(self, forward)
        exponents = -ops.square(distances) / 2
        joint = ops.logsumexp(
            ops.sum(exponents, axis=-1) * ops.exp(-2 * log_joint), axis=1
        )
        marginals = ops.logsumexp(
            exponents * ops.exp(-2 * log_marginal), axis=1
        )
        # The factors 1 / sigma of the densities cancel, as do those of pi.
        factors = num_latents * (log_marginal - log_joint)
        counts = (num_latents - 1) * log_batch
        return joint - ops.sum(marginals, axis=-1) + factors + counts

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "marginal_bandwidth": self.marginal_bandwidth,
        }


def _log_silverman(num_dimensions: int, log_batch: Any) -> Any:
    """The logarithm of the bandwidth, in standard deviations."""
    logarithm = math.log(4 / (num_dimensions + 2)) - log_batch
    return logarithm / (num_dimensions + 4)
