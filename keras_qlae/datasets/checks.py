"""Checks of what a user passes to a data set."""

import os
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import numpy as np


def check_integer(name: str, value: Any, minimum: int) -> int:
    """Returns `value` as `int`, after a check that it is at least `minimum`."""
    is_integer = isinstance(value, int | np.integer)
    if not is_integer or isinstance(value, bool) or value < minimum:
        raise ValueError(
            f"`{name}` must be an integer of at least {minimum}. "
            f"Received: {name}={value!r}"
        )
    return int(value)


def check_memory(what: str, num_bytes: int) -> None:
    """Raises `ValueError` for arrays larger than the memory of this machine."""
    if not hasattr(os, "sysconf"):  # Windows
        return
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if num_bytes > total:
        raise ValueError(
            f"The images would need {num_bytes / 1e9:,.0f} GB of memory, and "
            f"this machine has {total / 1e9:,.0f} GB: choose smaller images "
            f"or fewer. Received: {what}"
        )


def check_index(index: Any, num_images: int) -> np.ndarray:
    """Returns `index` as int64 `(n,)`, after a check of its type and range."""
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
            f"from the end. Received: {some(array[outside].tolist())}"
        )
    return array.astype(np.int64)


def check_factors(
    factors: Any, factor_names: Sequence[str], factor_sizes: Sequence[int]
) -> np.ndarray:
    """Returns `factors` as an int64 array of shape `(n, num_factors)`.

    A value of a factor lies below its size.
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
                f"{size - 1}. Received: {some(column[outside].tolist())}"
            )
    return array.astype(np.int64)


def some(values: Iterable[Any]) -> str:
    """Shows a few of many values on one short line."""
    values = list(values)
    shown = ", ".join(repr(value)[:60] for value in values[:5])
    if len(values) > 5:
        return f"{shown}, ... ({len(values)})"
    return shown or "none"
