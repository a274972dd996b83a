"""Checks of arguments that several figures share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def finite_array(values: Any, name: str, axes: str) -> Floats:
    """Returns the values as a finite float array of the rank of `axes`.

    `axes` is the wanted shape in words, such as `"(num_samples, num_latents)"`.
    No axis may be empty.
    """
    array = ranked_array(values, name, axes)
    if not np.isfinite(array).all():
        raise ValueError(
            f"`{name}` must be finite. Received: "
            f"{np.sum(~np.isfinite(array))} values that are NaN or infinite "
            f"in an array of shape {array.shape}"
        )
    return array


def ranked_array(values: Any, name: str, axes: str) -> Floats:
    """Like `finite_array`, with NaN and infinity allowed."""
    array = np.asarray(values, dtype=np.float64)
    rank = len(axes.strip("(),").split(", "))
    if array.ndim != rank or not array.size:
        raise ValueError(
            f"`{name}` must have the shape {axes}, with no axis empty. "
            f"Received: an array of shape {array.shape}"
        )
    return array


def names_of(
    names: Sequence[str] | None, name: str, count: int, of_what: str
) -> list[str]:
    """Returns `count` names, empty ones if none are given.

    For the message, `of_what` says what is named, such as `"factors"`.
    """
    if names is None:
        return [""] * count
    if isinstance(names, str) or len(names) != count:
        raise ValueError(
            f"`{name}` must be a sequence of one string for each of the "
            f"{count} {of_what}. Received: {name}={names!r}"
        )
    return [str(each) for each in names]


def active_mask(
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None, num_latents: int
) -> npt.NDArray[np.bool_]:
    """Returns the mask of active latents, all of them if none is given.

    A list of positions is refused.
    """
    if is_active is None:
        return np.ones(num_latents, dtype=bool)
    mask = np.asarray(is_active)
    if mask.dtype != np.bool_ or mask.shape != (num_latents,):
        raise ValueError(
            f"`is_active` must have one boolean for each of the {num_latents} "
            f"latents. Received: dtype {mask.dtype} and shape {mask.shape}"
        )
    return mask
