"""Checks of the arguments of layers and models."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops


def is_integer(value: Any) -> bool:
    """Whether a value is an integer of any type, but not a bool."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


def check_positive(meaning: str, **numbers: float) -> None:
    """Raises `ValueError` unless each number is positive and finite."""
    for name, number in numbers.items():
        if not 0 < number < float("inf"):
            raise ValueError(
                f"`{name}` must be a positive finite number: {meaning}. "
                f"Received: {name}={number!r}"
            )


def check_count(low: int, meaning: str, **counts: int) -> None:
    """Raises `ValueError` unless each count is an integer of at least `low`."""
    for name, count in counts.items():
        if not is_integer(count) or count < low:
            raise ValueError(
                f"`{name}` must be an integer of at least {low}: {meaning}. "
                f"Received: {name}={count!r}"
            )


def check_loss_weights(**weights: float) -> None:
    """Raises `ValueError` for a loss weight that is negative or not finite."""
    for name, weight in weights.items():
        if not 0 <= weight < float("inf"):
            raise ValueError(
                f"`{name}` must be a finite number of at least 0; 0 leaves "
                f"the loss out. Received: {name}={weight!r}"
            )


def checked_codes(codes: Any, sizes: Sequence[int]) -> Any:
    """Converts codes `(..., num_latents)` to an int32 tensor.

    NumPy arrays and lists are checked against the sizes, tensors are not.
    """
    if isinstance(codes, np.ndarray | list | tuple):
        _check_codes(np.asarray(codes), sizes)
    return ops.cast(ops.convert_to_tensor(codes), "int32")


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
