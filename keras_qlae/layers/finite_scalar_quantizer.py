"""Finite scalar quantization: a fixed grid, nothing learned."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_qlae.layers.checks import check_count
from keras_qlae.layers.checks import checked_codes
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.latent import LatentOutputs


@keras.saving.register_keras_serializable(package="keras_qlae")
class FiniteScalarQuantizer(Latent):
    """Bounds each latent with tanh and rounds it to a fixed grid.

    The grid of every latent is `num_values` numbers evenly spaced from -1 to
    1. The forward value is the grid value nearest to `tanh(input)`. The
    gradient reaches the input through the tanh, as if nothing had been
    rounded. There are no losses and no variables. Samples are uniform over
    the grid.

    With an even number of values the authors' grid has one value more below
    zero than above; this grid is symmetric.

    Args:
        num_latents: Positive integer.
        num_values: Number of values per latent, at least 2. Defaults to `12`.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., num_latents)`, float.

    Output shape:
        Same as the input.

    Example:
        >>> quantizer = FiniteScalarQuantizer(num_latents=2, num_values=3)
        >>> z = keras.ops.array([[-9.0, 0.2]])  # the grid: -1, 0, 1
        >>> keras.ops.convert_to_numpy(quantizer(z)).tolist()
        [[-1.0, 0.0]]
        >>> keras.ops.convert_to_numpy(quantizer.codes(z)).tolist()
        [[0, 1]]

    Raises:
        ValueError: `num_latents` is not positive, `num_values` is below 2, or
            the input has another width.

    Reference:
        Mentzer et al., "Finite Scalar Quantization: VQ-VAE Made Simple"
        (ICLR 2024, arXiv 2309.15505).
    """

    is_discrete = True

    def __init__(
        self, num_latents: int, num_values: int = 12, **kwargs: Any
    ) -> None:
        super().__init__(num_latents, **kwargs)
        check_count(2, "the values per latent", num_values=num_values)
        self.num_values = int(num_values)
        self.codebook_sizes = (self.num_values,) * self.num_latents

    @property
    def codebooks(self) -> list[np.ndarray]:
        """The grid of each latent, as NumPy arrays."""
        return [self._grid.copy() for _ in range(self.num_latents)]

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        bounded = self.scalars(inputs)
        fixed = ops.stop_gradient(bounded)
        position = (fixed + 1) * (self.num_values - 1) / 2
        # NaN gets a position too: the NaN loss is what reports it.
        codes = ops.cast(ops.round(position), "int32")
        codes = ops.clip(codes, 0, self.num_values - 1)
        # Straight through: the exact grid value, with the tanh's gradient.
        outputs = self._look_up(codes) + (bounded - fixed)
        return LatentOutputs(ops.cast(outputs, self.compute_dtype), {}, codes)

    def scalars(self, inputs: Any) -> Any:
        return ops.tanh(self._to_latents(inputs))

    def values(self, codes: Any) -> Any:
        codes = checked_codes(codes, self.codebook_sizes)
        return ops.cast(self._look_up(codes), self.compute_dtype)

    def sample_codes(self, batch_size: int, seed: Any = None) -> Any:
        shape = (batch_size, self.num_latents)
        return keras.random.randint(
            shape, 0, self.num_values, dtype="int32", seed=seed
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_values": self.num_values}

    @property
    def _grid(self) -> np.ndarray:
        grid: np.ndarray = np.linspace(
            -1, 1, self.num_values, dtype=self._latent_dtype
        )
        return grid

    def _look_up(self, codes: Any) -> Any:
        return ops.take(ops.convert_to_tensor(self._grid), codes, axis=0)
