"""What every metric accepts: the two arrays, checked and in one form."""

import warnings

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# A quantized latent takes few values. More than this, and more than one for
# every two samples, means that continuous numbers were called discrete.
_MIN_SUSPICIOUS_VALUES = 32


def check_factors(factors: npt.ArrayLike) -> IntArray:
    """Returns `factors` as an int64 array `(num_samples, num_factors)`.

    Raises:
        TypeError: If the values are not numbers.
        ValueError: If the rank is not 2, the array is empty, or a value is
            not finite or not an integer.
    """
    array = _check_table(factors, "factors", "num_factors")
    if array.dtype.kind in "biu":
        return array.astype(np.int64)
    whole = array.astype(np.float64)
    if not np.array_equal(whole, np.round(whole)):
        row, column = np.argwhere(whole != np.round(whole))[0]
        raise ValueError(
            "`factors` must be integers, the index of each factor's value: "
            "bin a continuous factor first, for example with `np.digitize`. "
            f"Received: {whole[row, column]} at row {row}, column {column}"
        )
    return whole.astype(np.int64)


def check_latents(
    latents: npt.ArrayLike, discrete: bool | None
) -> tuple[FloatArray | IntArray, bool]:
    """Returns `latents` as an array, and whether they are discrete.

    Integers become int64 and floats float64. `discrete=None` takes integers
    and booleans for discrete and floats for continuous.

    Raises:
        TypeError: If the values are not numbers, or `discrete` is not one of
            `True`, `False` and `None`.
        ValueError: If the rank is not 2, the array is empty, a value is not
            finite, or floats called discrete look continuous.
    """
    if not (discrete is None or isinstance(discrete, bool | np.bool_)):
        raise TypeError(
            "`discrete` must be True, False, or None to tell from the dtype "
            f"of `latents`. Received: discrete={discrete!r}"
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


def check_pair(
    factors: npt.ArrayLike, latents: npt.ArrayLike, discrete: bool | None
) -> tuple[IntArray, FloatArray | IntArray, bool]:
    """Checks both arrays, and that they have one row for each sample."""
    checked_factors = check_factors(factors)
    checked_latents, is_discrete = check_latents(latents, discrete)
    if len(checked_factors) != len(checked_latents):
        raise ValueError(
            "`factors` and `latents` must have one row for each sample, in "
            "the same order, and so the same length. Received: "
            f"factors.shape={checked_factors.shape}, "
            f"latents.shape={checked_latents.shape}"
        )
    return checked_factors, checked_latents, is_discrete


def find_varying_factors(factors: IntArray, stacklevel: int = 3) -> BoolArray:
    """Says which factors take more than one value; warns of the others.

    `stacklevel` is that of `warnings.warn`: 3 blames the caller of the
    public function that calls this one.
    """
    varies = np.asarray(factors.min(axis=0) < factors.max(axis=0))
    if not varies.all():
        left_out = np.flatnonzero(~varies).tolist()
        warnings.warn(
            f"Left out the factors at indices {left_out}: each has a single "
            "value in these samples, so there is nothing to predict. Score "
            "more samples, or drop these columns of `factors`.",
            stacklevel=stacklevel,
        )
    return varies


def _check_table(
    values: npt.ArrayLike, name: str, columns: str
) -> npt.NDArray[np.generic]:
    array = np.asarray(values)
    if array.ndim != 2:
        hint = (
            f" For a single column, pass `{name}.reshape(-1, 1)`."
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
    # Also true of the bfloat16 of `ml_dtypes`, whose kind is not "f".
    if not np.can_cast(array.dtype, np.float64, "same_kind"):
        raise TypeError(
            f"`{name}` must be an array of real numbers. "
            f"Received: {name}.dtype={array.dtype}"
        )
    if array.dtype.kind not in "biu":
        _check_finite(array.astype(np.float64), name)
    return array


def _check_finite(values: FloatArray, name: str) -> None:
    is_bad = ~np.isfinite(values)
    if is_bad.any():
        row, column = np.argwhere(is_bad)[0]
        raise ValueError(
            f"`{name}` must be finite: {np.count_nonzero(is_bad)} of its "
            f"{values.size} values are NaN or infinite, which points to a "
            f"model that diverged. Received: {values[row, column]} at row "
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
