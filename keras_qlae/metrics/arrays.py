"""Checks and converts the two arrays that every metric takes."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.frames import frame_to_array
from keras_qlae.metrics.frames import is_unordered

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# A quantized latent takes few values. More than this, and more than one per
# two samples, means that continuous latents were passed as discrete.
_MIN_SUSPICIOUS_VALUES = 32
# Floats that take few values, each this often, are codes. In a small sample
# this may be chance, and so may more factors than latents.
_MAX_CODES, _MIN_REPEATS = 256, 10
_MIN_DOUBTED = 100
_MIN_TRANSPOSED = 16  # factors; a data set has fewer
# With more values, a classifier with weights for each value of a factor
# needs minutes and gigabytes.
_MAX_FACTOR_VALUES = 1000


def check_factors(factors: npt.ArrayLike) -> IntArray:
    """Returns `factors` as an int64 array `(num_samples, num_factors)`.

    Columns of strings or categories are numbered. Values must be there, finite,
    integers and below 2**63.
    """
    array = _check_table(factors, "factors", "num_factors")
    if array.dtype.kind == "f" and not np.array_equal(array, np.round(array)):
        row, column = np.argwhere(array != np.round(array))[0]
        levels = len(np.unique(array[:, column]))
        how = (
            f"number its {levels} values with `np.unique(column, "
            "return_inverse=True)[1]`"
            if levels <= min(_MAX_CODES, max(2, len(array) // 2))
            else "bin a continuous factor first, for example with `np.digitize`"
        )
        raise ValueError(
            "`factors` must be integers, the index of each factor's value: "
            f"{how}. If these are the latents, pass them second: the order is "
            "(factors, latents). "
            f"Received: {array[row, column]} at row {row}, column {column}"
        )
    if array.dtype.kind not in "bi" and not (np.abs(array) < 2.0**63).all():
        raise ValueError(
            "`factors` must be below 2**63 in size: number the values of each "
            "factor first, for example with `np.unique(column, "
            f"return_inverse=True)[1]`. Received: {np.abs(array).max()}"
        )
    return array.astype(np.int64)


def check_latents(
    latents: npt.ArrayLike, discrete: bool | None
) -> tuple[FloatArray | IntArray, bool]:
    """Returns `latents` as an array, and whether they are discrete.

    Integers become int64 and floats float64. `discrete=None` takes integers and
    booleans for discrete and floats for continuous. Floats that are called
    discrete must not look continuous.
    """
    if not (discrete is None or isinstance(discrete, bool | np.bool_)):
        raise TypeError(
            "`discrete` must be True, False, or None to use the dtype of "
            f"`latents`. Received: discrete={discrete!r}"
        )
    array = _check_table(latents, "latents", "num_latents")
    is_integer = array.dtype.kind in "biu"
    is_discrete = is_integer if discrete is None else bool(discrete)
    if is_integer and is_discrete:
        return array.astype(np.int64), True
    values = array.astype(np.float64)
    if is_discrete:
        _check_few_values(values)
    return values, is_discrete


def check_numbers(
    factors: npt.ArrayLike, latents: npt.ArrayLike
) -> tuple[IntArray, FloatArray]:
    """Checks both arrays for a score that treats latents as real numbers."""
    checked_factors, values, _ = check_pair(factors, latents, False)
    return checked_factors, values.astype(np.float64)


def check_pair(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None,
    stacklevel: int = 3,
) -> tuple[IntArray, FloatArray | IntArray, bool]:
    """Checks both arrays, and that they have one row for each sample.

    With `discrete=None` it warns if the arrays look swapped or floats look
    like codes. `stacklevel` is that of `warnings.warn`.
    """
    checked_factors = check_factors(factors)
    checked_latents, is_discrete = check_latents(latents, discrete)
    if len(checked_factors) != len(checked_latents):
        raise ValueError(
            "`factors` and `latents` must have one row for each sample, in "
            "the same order, and so the same length. Received: "
            f"factors.shape={checked_factors.shape}, "
            f"latents.shape={checked_latents.shape}"
        )
    if discrete is None:
        _warn_of_doubts(checked_factors, checked_latents, stacklevel + 1)
    return checked_factors, checked_latents, is_discrete


def check_num_values(factors: IntArray) -> None:
    """Raises if a factor has too many values for a classifier: over 1,000."""
    for i, column in enumerate(factors.T):
        num_values = len(np.unique(column))
        if num_values > _MAX_FACTOR_VALUES:
            raise ValueError(
                "A factor must take at most "
                f"{_MAX_FACTOR_VALUES:,} values here, since a classifier is "
                "fitted that has weights for each: bin it, for example with "
                f"`np.digitize`, or leave it out. Received: {num_values} "
                f"values in column {i} of `factors`"
            )


def warn_of_categories(factors: npt.ArrayLike) -> None:
    """Warns about text and categories if a score needs ordered values."""
    if is_unordered(factors):
        warnings.warn(
            "Strings and unordered categories of `factors` are numbered in "
            "alphabetical order, or in that of the categories, and this score "
            "depends on the order. Pass numbers or ordered categories, or "
            "leave these columns out.",
            stacklevel=3,
        )


def find_varying_factors(factors: IntArray) -> BoolArray:
    """Finds the factors with more than one value; warns about the others."""
    varies = np.asarray(factors.min(axis=0) < factors.max(axis=0))
    if not varies.all():
        left_out = np.flatnonzero(~varies).tolist()
        warnings.warn(
            f"Left out the factors at indices {left_out}: each has a single "
            "value in these samples, so there is nothing to predict. Score "
            "more samples, or drop these columns of `factors`.",
            stacklevel=3,  # the line that called the public function
        )
    return varies


def _check_table(
    values: npt.ArrayLike, name: str, columns: str
) -> npt.NDArray[Any]:
    """Returns booleans, integers or float64 of rank 2."""
    if np.ma.is_masked(values):
        raise ValueError(
            f"`{name}` must have a value for every sample: leave out the rows "
            "with masked values, for example with `np.ma.compress_rows`. "
            f"Received: {np.ma.count_masked(values)} masked values"  # type: ignore[no-untyped-call]
        )
    array = frame_to_array(values, name)
    if array.ndim != 2:
        column = (
            "to_frame()" if hasattr(values, "to_frame") else "reshape(-1, 1)"
        )
        hint = (
            f" For a single column, pass `{name}.{column}`."
            if array.ndim == 1
            else ""
        )
        raise ValueError(
            f"`{name}` must have the shape (num_samples, {columns}).{hint} "
            f"Received: {name}.shape={array.shape}"
        )
    if 0 in array.shape:
        raise ValueError(
            f"`{name}` must hold at least one sample and one column. "
            f"Received: {name}.shape={array.shape}"
        )
    # Also true for the bfloat16 of `ml_dtypes`, whose kind is not "f".
    if not np.can_cast(array.dtype, np.float64, "same_kind"):
        raise TypeError(
            f"`{name}` must be an array of real numbers. "
            f"Received: {name}.dtype={array.dtype}"
        )
    if array.dtype.kind in "biu":
        return array
    numbers = array.astype(np.float64)
    _check_finite(numbers, name)
    return numbers


def _check_finite(values: FloatArray, name: str) -> None:
    is_bad = ~np.isfinite(values)
    if is_bad.any():
        row, column = np.argwhere(is_bad)[0]
        raise ValueError(
            f"`{name}` must be finite: {np.count_nonzero(is_bad)} of its "
            f"{values.size} values are NaN or infinite. If a model computed "
            f"them, it diverged. Received: {values[row, column]} at row "
            f"{row}, column {column}"
        )


def _check_few_values(latents: FloatArray) -> None:
    limit = max(_MIN_SUSPICIOUS_VALUES, len(latents) // 2)
    for j, column in enumerate(latents.T):
        num_values = len(np.unique(column))
        if num_values > limit and (column != np.round(column)).any():
            raise ValueError(
                "`latents` look continuous: pass `discrete=False`, or the "
                "integer codes of a quantized model (codebook values work "
                f"too). Received: discrete=True with {num_values} different "
                f"non-integer values in {len(latents)} samples of latent {j}"
            )


def _warn_of_doubts(
    factors: IntArray, latents: FloatArray | IntArray, stacklevel: int
) -> None:
    """Warns, in one line each, about probable mistakes."""
    if factors.shape[1] > max(len(factors), _MIN_TRANSPOSED):
        warnings.warn(
            f"There are more factors ({factors.shape[1]}) than samples "
            f"({len(factors)}): the rows of both arrays must be samples. If "
            "they are columns, transpose both arrays.",
            stacklevel=stacklevel,
        )
    if len(latents) < _MIN_DOUBTED:
        return
    is_integer = latents.dtype.kind == "i"
    if is_integer and factors.shape[1] > latents.shape[1] > 1:
        warnings.warn(
            f"`factors` has more columns ({factors.shape[1]}) than `latents` "
            f"({latents.shape[1]}), which are integers: if they are swapped, "
            "the order is (factors, latents); if not, pass `discrete=True`.",
            stacklevel=stacklevel,
        )
    if is_integer and _looks_continuous(latents):
        warnings.warn(
            "`latents` are integers of very many values and are scored as "
            "codes, which gives scores near 0: if they are measurements, pass "
            "`discrete=False`; if not, `discrete=True`.",
            stacklevel=stacklevel,
        )
    if not is_integer and _looks_discrete(latents):
        warnings.warn(
            "`latents` are floats of few values and are scored as "
            "continuous: if they are codes or codebook values, pass "
            "`discrete=True`, which gives other scores; if not, "
            "`discrete=False`.",
            stacklevel=stacklevel,
        )


def _looks_continuous(latents: FloatArray | IntArray) -> bool:
    """Whether every latent has a value of its own for most samples."""
    sizes = [len(np.unique(column)) for column in latents.T]
    return min(sizes) > len(latents) // 2


def _looks_discrete(latents: FloatArray | IntArray) -> bool:
    limit = min(_MAX_CODES, len(latents) // _MIN_REPEATS)
    sizes = [len(np.unique(column)) for column in latents.T]
    return 1 < max(sizes) <= limit
