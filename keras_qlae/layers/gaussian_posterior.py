"""The base class of the latents of variational autoencoders."""

from typing import Any
from typing import NamedTuple

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_count
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.saved_seed import SavedSeed

_LINEAR = -15.0  # below it softplus equals exp in float32


class Gaussian(NamedTuple):
    """Means, standard deviations and their logs, `(..., num_latents)` each."""

    mean: Any
    std: Any
    log_std: Any


class GaussianPosterior(SavedSeed, Latent):
    """Base class: each latent has a Gaussian posterior and the prior N(0, 1).

    The encoder's output is the means, followed by as many numbers whose
    softplus is the standard deviations. The means are scored.

    A subclass defines `loss_weights` and `compute`.

    Args:
        num_latents: Positive integer.
        num_pixel_values: Positive integer, `height * width * channels`. Losses
            are sums over the latents divided by it, to match a reconstruction
            loss that is a mean over pixel values. Pass `1` for a
            reconstruction loss that is a sum.
        seed: Integer or `None`, for the noise.
        **kwargs: Passed to `keras.layers.Layer`.
    """

    def __init__(
        self,
        num_latents: int,
        num_pixel_values: int,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, **kwargs)
        check_count(
            1,
            "height x width x channels of the images",
            num_pixel_values=num_pixel_values,
        )
        self.num_pixel_values = int(num_pixel_values)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def num_inputs(self) -> int:
        return 2 * self.num_latents

    def posterior(self, inputs: Any) -> Gaussian:
        """Computes the Gaussian of each latent.

        Args:
            inputs: `(..., num_inputs)`, the encoder's output.
        """
        z = self._to_latents(inputs)
        mean, raw = z[..., : self.num_latents], z[..., self.num_latents :]
        is_linear = raw < _LINEAR
        curved = ops.where(is_linear, _LINEAR, raw)
        log_std = ops.where(is_linear, raw, ops.log(ops.softplus(curved)))
        return Gaussian(mean, ops.softplus(raw), log_std)

    def draw_noise(self, mean: Any, training: bool = True) -> Any:
        """Draws standard normal numbers in the shape of `mean`.

        Args:
            mean: `(..., num_latents)`, of the posteriors.
            training: Whether to draw new numbers each time. If not, they are
                the same every time.
        """
        size, *rest = ops.shape(mean)

        def normal(size: Any, seed: Any) -> Any:
            return keras.random.normal(
                (size, *rest), seed=seed, dtype=self._latent_dtype
            )

        if training:
            return backend.draw(normal, size, self.seed_generator)
        return normal(size, self.seed or 0)

    def codes(self, inputs: Any) -> Any:
        return self.posterior(inputs).mean

    def values(self, codes: Any) -> Any:
        return ops.cast(ops.convert_to_tensor(codes), self.compute_dtype)

    def sample_codes(self, batch_size: int, seed: Any = None) -> Any:
        shape = (batch_size, self.num_latents)
        return keras.random.normal(shape, seed=seed, dtype=self._latent_dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_pixel_values": self.num_pixel_values,
            "seed": self.seed,
        }
