"""Converts data frames of any library to NumPy arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt


def frame_to_array(values: Any, name: str) -> npt.NDArray[Any]:
    """Converts anything array-like to an array; numbers its strings.

    Strings, categories and booleans become integers: categories in their own
    order, strings in alphabetical order. Nullable integers become integers. A
    frame has `columns` and `__getitem__`, as in pandas and polars; its columns
    must have different names, and no missing values.
    """
    if not _is_frame(values):
        array = np.asarray(values)
        is_text = array.dtype.kind in "OUT" and array.ndim == 2
        if not is_text or name != "factors":
            return array
        columns = [
            _to_numbers(column, name, i) for i, column in enumerate(array.T)
        ]
        return np.stack(columns, axis=1) if columns else array
    names = list(values.columns)
    if len(set(names)) < len(names):
        raise ValueError(
            f"The columns of `{name}` must have different names. "
            f"Received: {names}"
        )
    if not names:
        return np.asarray(values)
    return np.stack(
        [_to_numbers(values[column], name, column) for column in names], axis=1
    )


def is_unordered(values: Any) -> bool:
    """Whether a column holds text or categories that have no order."""
    if not _is_frame(values):
        array = np.asarray(values)
        if array.dtype.kind == "O" and array.ndim == 2:
            return any(isinstance(value, str) for value in array[:1].flat)
        return array.dtype.kind in "UT"
    for name in values.columns:
        column = values[name]
        categories = getattr(column, "cat", None)
        if categories is not None and hasattr(categories, "ordered"):
            if not categories.ordered:
                return True
        elif isinstance(np.asarray(column).flat[0], str):
            return True
    return False


def _is_frame(values: Any) -> bool:
    return hasattr(values, "columns") and hasattr(values, "__getitem__")


def _to_numbers(column: Any, name: str, label: Any) -> npt.NDArray[Any]:
    is_missing = getattr(column, "isna", getattr(column, "is_null", None))
    if is_missing is not None and is_missing().any():
        raise ValueError(
            f"`{name}` must have a value for every sample: drop the rows with "
            f"missing values. Received: {int(is_missing().sum())} missing in "
            f"the column {label!r}"
        )
    codes = getattr(getattr(column, "cat", None), "codes", None)  # pandas
    if codes is not None:
        return np.asarray(codes).astype(np.int64)
    array = np.asarray(column)
    if array.dtype.kind in "OUT":  # objects of one type, or text
        array = np.array(array.tolist())
    if array.dtype.kind == "U":
        if name != "factors":
            raise TypeError(
                f"`{name}` must hold real numbers: leave out columns of text, "
                "or make them numbers, for example with `astype(float)`. "
                f"Received: text such as {array[0]!r} in the column {label!r}"
            )
        return np.unique(array, return_inverse=True)[1].astype(np.int64)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"`{name}` must hold numbers, strings or categories. Received: "
            f"values of type {array.dtype} in the column {label!r}"
        )
    return array
