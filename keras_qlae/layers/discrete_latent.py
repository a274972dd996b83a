"""What latents have in common whose codes are positions in a list."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from keras_qlae.layers.latent import Latent


class DiscreteLatent(Latent):
    """Base of the latents that take one of a few values each.

    A subclass sets `codebook_sizes` and defines `compute`, `codes` and
    `lookup`.

    Attributes:
        codebook_sizes: How many values each latent has.
    """

    is_discrete = True
    codebook_sizes: tuple[int, ...]

    def lookup(self, codes: Any) -> Any:
        """The values at int32 `codes`, `(..., num_outputs)`.

        In full precision, and differentiable in the values if those are
        learned.
        """
        raise NotImplementedError

    def values(self, codes: Any) -> Any:
        """The decoder's input for given codes.

        Args:
            codes: `(..., num_latents)` integers, each from 0 to below the
                number of its latent's values. Those on the host are checked,
                tensors are not.

        Returns:
            `(..., num_outputs)`, differentiable in the values if those are
            learned.

        Raises:
            ValueError: Codes of another width, or out of range.
        """
        if isinstance(codes, np.ndarray | list | tuple):
            _check_codes(np.asarray(codes), self.codebook_sizes)
        codes = ops.cast(ops.convert_to_tensor(codes), "int32")
        return ops.cast(self.lookup(codes), self.compute_dtype)


def straight_through(values: Any, inputs: Any) -> Any:
    """`values` to the last bit, with the gradient of `inputs`."""
    return ops.stop_gradient(values) + (inputs - ops.stop_gradient(inputs))


def _check_codes(codes: np.ndarray, sizes: Sequence[int]) -> None:
    is_integer = codes.dtype.kind in "iu"
    if codes.shape[-1:] != (len(sizes),) or not is_integer:
        raise ValueError(
            "`codes` must be integers with the latents on the last axis: "
            f"(..., {len(sizes)}). Received: "
            f"shape={codes.shape}, dtype={codes.dtype}"
        )
    is_outside = (codes < 0) | (codes >= np.array(sizes))
    if is_outside.any():
        worst = int(np.argwhere(is_outside)[0, -1])
        raise ValueError(
            f"`codes` of latent {worst} must be from 0 to "
            f"{sizes[worst] - 1}, the positions in its codebook. Received: "
            f"{codes[..., worst].min()} to {codes[..., worst].max()}"
        )
