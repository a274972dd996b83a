"""Supports: correlated or missing combinations of factors in training.

A support gives how often each image occurs: 0 leaves it out, 2 repeats it.
"""

import re
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_qlae.datasets.rows import draw
from keras_qlae.hints import hint

FULL = "full"
_NAMES = ("corner", "diagonal_remove", "diagonal_strengthen")
_MAX_ADDED = 10**7
_KNOWN = (
    "'full', 'corner:NUMBER', 'diagonal_remove:NUMBER', "
    "'diagonal_strengthen:NUMBER', each of the last three also with names of "
    "factors, as 'corner:6:scale,shape'"
)

Counts = npt.NDArray[np.int64]
Support = str | Callable[[np.ndarray], Any]


class _Named(NamedTuple):
    """A support that is given as text: one of `_NAMES`, and what follows."""

    name: str
    number: int
    factors: tuple[str, ...]


def is_foreign(support: str) -> bool:
    """Whether a text is the import path of a function: `module:name`."""
    path = re.fullmatch(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)", support)
    return path is not None and path[1] not in _NAMES


def check_support(support: str) -> None:
    """Raises `ValueError` for a text that is no support for any data set."""
    if support != FULL and not is_foreign(support):
        _parse(support)


def occurrences(
    support: Support,
    factors: np.ndarray,
    names: Sequence[str],
) -> Counts:
    """Computes how often each image occurs: int64 `(num_images,)`.

    Errors are those of `FactorDataset.with_support`.
    """
    if not names:
        raise ValueError(
            "`support` chooses combinations of factors, but the factors of "
            "the data set are not known: leave it at 'full'. "
            f"Received: support={support!r}"
        )
    if isinstance(support, str):
        counts = _of_named(_parse(support), factors, names, support)
    else:
        counts = _checked(support(factors), len(factors), support)
    if not counts.any():
        largest = factors.max(axis=0).sum()
        raise ValueError(
            "`support` leaves no image to train on. The factors have values "
            f"up to {factors.max(axis=0).tolist()}, with a sum of at most "
            f"{largest}. Received: support={support!r}"
        )
    return counts


def split_positions(
    counts: Counts,
    validation: int,
    seed: int,
    protocol: str,
    scored_support: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the positions of images for training and for scoring.

    `counts` is how often each image occurs in training; other arguments are
    those of `FactorDataset.split`. Both results are in ascending order,
    repeated as often as the image occurs.
    """
    choice = np.flatnonzero(counts)
    if scored_support == "full":
        choice = np.arange(len(counts))
    trained = counts.copy()
    if validation < len(choice):
        drawn = choice[draw(len(choice), validation, seed)[1]]
        if protocol == "held_out":
            trained[drawn] = 0
    if validation >= len(choice) or not trained.any():
        raise ValueError(
            f"`validation` must be smaller than {len(choice)}, the number of "
            "images to choose from: some must remain for training. "
            f"Received: validation={validation}"
        )
    if scored_support == "same":
        drawn = np.repeat(drawn, counts[drawn])
    return np.repeat(np.arange(len(trained)), trained), drawn


def _parse(support: str) -> _Named:
    name, _, rest = support.partition(":")
    number, has_factors, listed = rest.partition(":")
    factors = tuple(each.strip() for each in listed.split(",") if each.strip())
    if name not in _NAMES or (has_factors and not factors):
        raise ValueError(
            f"`support` must be one of {_KNOWN}; or `module:function` for one "
            f"of your own.{hint(name, (FULL, *_NAMES))} "
            f"Received: support={support!r}"
        )
    if not re.fullmatch(r"\d{1,9}", number) or int(number) > _MAX_ADDED:
        raise ValueError(
            f"`{name}` needs a whole number from 0 to {_MAX_ADDED:,}, as in "
            f"'{name}:6'. Received: support={support!r}"
        )
    return _Named(name, int(number), factors)


def _of_named(
    wanted: _Named, factors: np.ndarray, names: Sequence[str], support: str
) -> Counts:
    columns = factors[:, _columns(wanted, names, support)]
    if wanted.name == "corner":
        return _kept(columns.sum(axis=1) >= wanted.number)
    is_equal = (columns == columns[:, :1]).all(axis=1)
    if wanted.name == "diagonal_remove":
        return _kept(~(is_equal & (columns[:, 0] <= wanted.number)))
    diagonal = np.flatnonzero(is_equal)
    if not diagonal.size:
        raise ValueError(
            "`diagonal_strengthen` repeats images in which the factors have "
            "the same number, but no image has this. Name other factors, as in "
            f"'diagonal_strengthen:500:scale,shape'. "
            f"Received: support={support!r}"
        )
    # The raw stream never changes between releases.
    keys = np.random.PCG64(0).random_raw(wanted.number) % len(diagonal)
    added = np.bincount(diagonal[keys.astype(np.int64)], minlength=len(factors))
    return 1 + added.astype(np.int64)


def _kept(keep: npt.NDArray[np.bool_]) -> Counts:
    return keep.astype(np.int64)


def _columns(
    wanted: _Named, names: Sequence[str], support: str
) -> Sequence[int]:
    """The positions of the factors that a support uses."""
    unknown = [name for name in wanted.factors if name not in names]
    if unknown:
        raise ValueError(
            f"The data set has no factor `{unknown[0]}`."
            f"{hint(unknown[0], names)} Its factors: {', '.join(names)}. "
            f"Received: support={support!r}"
        )
    usual = {"diagonal_remove": (1, 2), "diagonal_strengthen": (1, 2, 4, 5)}
    columns = [names.index(name) for name in wanted.factors]
    if not columns:
        everything = tuple(range(len(names)))
        columns = list(usual.get(wanted.name, everything))
        if max(columns) >= len(names):
            columns = list(everything)
    if wanted.name != "corner" and len(set(columns)) < 2:
        raise ValueError(
            f"`{wanted.name}` compares factors with one another: it needs "
            f"two different ones. Received: support={support!r}, factors "
            f"{', '.join(names)}"
        )
    return columns


def _checked(found: Any, num_images: int, support: Any) -> Counts:
    """Checks what the user's function returned; returns counts."""
    array = np.asarray(found)
    is_counts = array.dtype == np.bool_ or np.issubdtype(
        array.dtype, np.integer
    )
    if array.shape != (num_images,) or not is_counts or (array < 0).any():
        raise ValueError(
            f"Your own `support` must return {num_images} values, one for each "
            "image: booleans, whether the image is kept, or integers of at "
            f"least 0, how often it occurs. Received: {array.dtype} of "
            f"shape {array.shape} from support={support!r}"
        )
    counts = array.astype(np.int64)
    if counts.sum() > num_images + _MAX_ADDED:
        raise ValueError(
            f"A `support` may add {_MAX_ADDED:,} images at most. Received: "
            f"{counts.sum():,} images for {num_images:,} from "
            f"support={support!r}"
        )
    return counts
