"""Checks of what a user passes to a data set."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def check_integer(name: str, value: Any, minimum: int) -> int:
    """Returns `value` as `int`.

    Args:
        name: What the caller names the argument.
        value: What was passed.
        minimum: Smallest value allowed.

    Raises:
        ValueError: If `value` is no whole number or below `minimum`.
    """
    is_integer = isinstance(value, int | np.integer)
    if not is_integer or isinstance(value, bool) or value < minimum:
        raise ValueError(
            f"`{name}` must be an integer of at least {minimum}. "
            f"Received: {name}={value!r}"
        )
    return int(value)


def check_index(index: Any, num_images: int) -> np.ndarray:
    """Returns `index` as an int64 array of shape `(n,)`.

    Args:
        index: Integers, a one-dimensional array or sequence.
        num_images: Length of the data set.

    Raises:
        ValueError: If `index` has another form, or holds a position that the
            data set does not have.
    """
    array = np.asarray(index)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            "`index` must be a one-dimensional array or list of integers; "
            "for a single image pass a list of one. Received: "
            f"index of dtype {array.dtype} and shape {array.shape}"
        )
    outside = (array < 0) | (array >= num_images)
    if outside.any():
        raise ValueError(
            f"`index` must lie in [0, {num_images - 1}]: the data set has "
            f"{num_images} images, and negative positions are not counted "
            f"from the end. Received: {_some(array[outside])}"
        )
    return array.astype(np.int64)


def check_factors(
    factors: Any, factor_names: Sequence[str], factor_sizes: Sequence[int]
) -> np.ndarray:
    """Returns `factors` as an int64 array of shape `(n, num_factors)`.

    Args:
        factors: Integers of that shape.
        factor_names: For the message.
        factor_sizes: The number of values of each factor.

    Raises:
        ValueError: If the shape, the type or a value is wrong.
    """
    array = np.asarray(factors)
    num_factors = len(factor_sizes)
    if array.ndim != 2 or array.shape[1] != num_factors:
        raise ValueError(
            f"`factors` must have shape (n, {num_factors}), a column for each "
            f"of {tuple(factor_names)}. Received: shape {array.shape}"
        )
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            "`factors` must hold integers, the positions of the factors' "
            f"values. Received: dtype {array.dtype}"
        )
    for column, name, size in zip(
        array.T, factor_names, factor_sizes, strict=True
    ):
        outside = (column < 0) | (column >= size)
        if outside.any():
            raise ValueError(
                f"Factor `{name}` has {size} values, numbered 0 to "
                f"{size - 1}. Received: {_some(column[outside])}"
            )
    return array.astype(np.int64)


def _some(values: np.ndarray) -> str:
    """Shows a few of many values."""
    shown = ", ".join(str(value) for value in values[:5])
    return shown if len(values) <= 5 else f"{shown}, ... ({len(values)})"
