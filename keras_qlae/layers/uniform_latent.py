"""Continuous latents with a uniform prior: those of an InfoGAN."""

from typing import Any

import keras

from keras_qlae.layers.continuous_latent import ContinuousLatent


@keras.saving.register_keras_serializable(package="keras_qlae")
class UniformLatent(ContinuousLatent):
    """Passes latents through, and samples them uniformly from an interval.

    This is the latent space of InfoWGAN-GP, with which QLInfoWGAN-GP is
    compared. It has no losses. Gradients pass through. `codes` are the
    latents as floats.

    Args:
        num_latents: Positive integer.
        low: Lower end of the interval. Defaults to `0.0`.
        high: Upper end of the interval. Defaults to `1.0`.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., num_latents)`, float.

    Output shape:
        Same as the input.

    Example:
        >>> latent = UniformLatent(num_latents=2)
        >>> tuple(latent.sample(5, seed=1).shape)
        (5, 2)

    Raises:
        ValueError: `num_latents` is not a positive integer, `low` is not
            below `high`, or the input has another width.

    Reference:
        Chen et al., "InfoGAN" (arXiv 1606.03657).
    """

    def __init__(
        self,
        num_latents: int,
        low: float = 0.0,
        high: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, **kwargs)
        if not low < high:
            raise ValueError(
                "`low` must be below `high`: latents lie between the two. "
                f"Received: low={low!r}, high={high!r}"
            )
        self.low = low
        self.high = high

    def sample_codes(self, batch_size: int, seed: Any = None) -> Any:
        return keras.random.uniform(
            (batch_size, self.num_latents),
            self.low,
            self.high,
            seed=seed,
            dtype=self._latent_dtype,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "low": self.low, "high": self.high}
