"""Latent quantization: a small learnable codebook of scalars per latent."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.checks import checked_codes
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.latent import LatentOutputs

_MAX_DISTANCES = 2**16  # per example: 64 MB of float32 for 256 examples


@keras.saving.register_keras_serializable(package="keras_qlae")
class ScalarCodebookQuantizer(Latent):
    """Snaps each latent to the nearest value of its own scalar codebook.

    Latent `j` has `num_values` learnable scalars that no other latent uses.
    The decoder reads the same few values of a latent in every context. With
    strong weight decay it learns to give each value one meaning.

    The forward value is the nearest codebook value. Gradients:

    - of the output: to the input unchanged (straight-through), never to the
      codebook;
    - of the quantization loss, `mean((stop(input) - value)**2)`: to the
      codebook only;
    - of the commitment loss, `mean((input - stop(value))**2)`: to the input
      only;
    - of `values` and `sample`: to the codebook.

    Both losses are means over the latents. A call of the layer weights them
    and adds them with `add_loss`, in training and in evaluation.
    Distances, codebooks and losses are in float32 or better under every dtype
    policy.

    Args:
        num_latents: Positive integer, the width of the last axis.
        num_values: Size of every codebook, at least 2: an integer, or one
            integer per latent. Defaults to `10`.
        shared: Whether all latents use one codebook (an ablation of the
            paper). Defaults to `False`.
        trainable_codebook: Whether the codebooks are learned. If not, set
            `quantization_weight` to 0: that loss has nothing to train.
            Defaults to `True`.
        quantization_weight: Weight of the quantization loss. Defaults to
            `0.01`.
        commitment_weight: Weight of the commitment loss. Defaults to `0.01`.
        low: First value of every codebook at the start. Defaults to `-0.5`.
        high: Last value of every codebook at the start. The values between
            are evenly spaced. Defaults to `0.5`.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., num_latents)`, float. All axes but the last are batch axes:
        vectors, sequences and feature maps all work.

    Output shape:
        Same as the input.

    Example:
        >>> quantizer = ScalarCodebookQuantizer(num_latents=2, num_values=3)
        >>> z = keras.ops.array([[-0.4, 0.1]])  # codebooks: -0.5, 0, 0.5
        >>> keras.ops.convert_to_numpy(quantizer(z)).tolist()
        [[-0.5, 0.0]]
        >>> keras.ops.convert_to_numpy(quantizer.codes(z)).tolist()
        [[0, 1]]

    Raises:
        ValueError: A codebook of fewer than two values, a list of sizes of
            the wrong length, sizes that differ with `shared=True`, a negative
            weight, `low` not below `high`, or an input of another width.

    Reference:
        Hsu et al., "Disentanglement via Latent Quantization" (NeurIPS 2023,
        arXiv 2305.18378), section 3.1.
    """

    is_discrete = True

    def __init__(
        self,
        num_latents: int,
        num_values: int | Sequence[int] = 10,
        shared: bool = False,
        trainable_codebook: bool = True,
        quantization_weight: float = 0.01,
        commitment_weight: float = 0.01,
        low: float = -0.5,
        high: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, **kwargs)
        check_loss_weights(
            quantization_weight=quantization_weight,
            commitment_weight=commitment_weight,
        )
        self.codebook_sizes = _codebook_sizes(num_values, self.num_latents)
        if shared and len(set(self.codebook_sizes)) > 1:
            raise ValueError(
                "`shared=True` gives every latent the same codebook, so "
                "`num_values` must be one number. "
                f"Received: num_values={num_values!r}"
            )
        if not -np.inf < low < high < np.inf:
            raise ValueError(
                "Codebooks start evenly spaced from `low` to `high`, so `low` "
                "must be below `high` and both finite. "
                f"Received: low={low!r}, high={high!r}"
            )
        self.num_values = (
            num_values if isinstance(num_values, int) else self.codebook_sizes
        )
        self.shared = shared
        self.trainable_codebook = trainable_codebook
        self.quantization_weight = quantization_weight
        self.commitment_weight = commitment_weight
        self.low = low
        self.high = high

    @property
    def loss_weights(self) -> dict[str, float]:
        return {
            "quantization_loss": self.quantization_weight,
            "commitment_loss": self.commitment_weight,
        }

    @property
    def codebooks(self) -> list[np.ndarray]:
        """The codebook of each latent, as NumPy arrays of its own size."""
        self._ensure_built()
        table = ops.convert_to_numpy(self.codebook)
        table = np.broadcast_to(table, (self.num_latents, table.shape[1]))
        return [
            row[:size].copy()
            for row, size in zip(table, self.codebook_sizes, strict=True)
        ]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        sizes = self.codebook_sizes[:1] if self.shared else self.codebook_sizes
        # One row per latent. Shorter codebooks are padded: padding is never
        # the nearest value, so it is never used and gets no gradient.
        is_padding = np.arange(max(sizes)) >= np.array(sizes)[:, None]
        self._padding = np.where(is_padding, np.inf, 0.0)
        self.codebook = self.add_weight(
            name="codebook",
            shape=is_padding.shape,
            dtype=self._latent_dtype,
            initializer=self._initial_codebook(sizes),
            trainable=self.trainable_codebook,
            autocast=False,
        )

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        z = self._to_latents(inputs)
        codes = self._nearest(ops.stop_gradient(z))
        value = self._look_up(codes)
        fixed_z, fixed_value = ops.stop_gradient(z), ops.stop_gradient(value)
        # Losses use the value before the straight-through sum: no gradient
        # reaches the codebook through that sum.
        losses = {
            "quantization_loss": _mean_square(fixed_z - value),
            "commitment_loss": _mean_square(z - fixed_value),
        }
        # Straight through: the exact value, with the input's gradient.
        outputs = ops.cast(fixed_value + (z - fixed_z), self.compute_dtype)
        return LatentOutputs(outputs, losses, codes)

    def _nearest(self, z: Any) -> Any:
        """The code of the nearest value; of equal ones the first."""
        table = ops.stop_gradient(self._table())
        padding = np.broadcast_to(self._padding, table.shape)
        codes = []
        # Some latents at a time, so that the distances fit into memory.
        step = max(1, _MAX_DISTANCES // table.shape[1])
        for start in range(0, self.num_latents, step):
            part = slice(start, start + step)
            # -> (..., latents of the part, codebook size)
            distance = ops.abs(ops.expand_dims(z[..., part], -1) - table[part])
            if padding[part].any():
                distance = distance + ops.cast(padding[part], distance.dtype)
            codes.append(backend.argmin(distance))
        return codes[0] if len(codes) == 1 else ops.concatenate(codes, axis=-1)

    def _look_up(self, codes: Any) -> Any:
        """The values at codes, differentiable in the codebook."""
        table = self._table()
        firsts = table.shape[1] * np.arange(self.num_latents)
        places = codes + ops.cast(firsts, "int32")
        return ops.take(ops.reshape(table, (-1,)), places, axis=0)

    def _table(self) -> Any:
        """The codebooks, one row per latent; a shared one is repeated."""
        self._ensure_built()
        table = ops.convert_to_tensor(self.codebook)
        if not self.shared:
            return table
        return ops.broadcast_to(table, (self.num_latents, table.shape[1]))

    def values(self, codes: Any) -> Any:
        codes = checked_codes(codes, self.codebook_sizes)
        return ops.cast(self._look_up(codes), self.compute_dtype)

    def scalars(self, inputs: Any) -> Any:
        return self._to_latents(inputs)

    def sample_codes(self, batch_size: int, seed: Any = None) -> Any:
        sizes = ops.convert_to_tensor(self.codebook_sizes, dtype="float32")
        shape = (batch_size, self.num_latents)
        uniform = keras.random.uniform(shape, seed=seed, dtype="float32")
        codes = ops.minimum(ops.floor(uniform * sizes), sizes - 1)
        return ops.cast(codes, "int32")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_values": self.num_values,
            "shared": self.shared,
            "trainable_codebook": self.trainable_codebook,
            "quantization_weight": self.quantization_weight,
            "commitment_weight": self.commitment_weight,
            "low": self.low,
            "high": self.high,
        }

    def _initial_codebook(self, sizes: Sequence[int]) -> Any:
        grid = np.zeros((len(sizes), max(sizes)))
        for row, size in zip(grid, sizes, strict=True):
            row[:size] = np.linspace(self.low, self.high, size)
        return lambda shape, dtype=None: ops.convert_to_tensor(grid, dtype)


def _mean_square(difference: Any) -> Any:
    return backend.mean(ops.square(difference), axis=-1)


def _codebook_sizes(
    num_values: int | Sequence[int], num_latents: int
) -> tuple[int, ...]:
    """The size of each latent's codebook, checked."""
    sizes: tuple[Any, ...] = (num_values,) * num_latents
    if isinstance(num_values, Sequence | np.ndarray):
        sizes = tuple(num_values)
    if len(sizes) != num_latents:
        raise ValueError(
            "`num_values` must be one integer, or a list of "
            f"{num_latents} integers, one per latent. Received: {len(sizes)} "
            f"in num_values={num_values!r}"
        )
    for size in sizes:
        if not isinstance(size, int | np.integer) or size < 2:
            raise ValueError(
                "`num_values` must be an integer of at least 2: a latent with "
                "a single value carries no information. To have fewer "
                "latents, lower `num_latents` instead. "
                f"Received: num_values={num_values!r}"
            )
    return tuple(int(size) for size in sizes)
