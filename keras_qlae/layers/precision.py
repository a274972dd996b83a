"""The dtype of computations for which half precision is not enough."""

from typing import Any

import keras


def full_precision(dtype: Any) -> str:
    """`"float64"` for float64, `"float32"` for any other float dtype."""
    is_double = keras.backend.standardize_dtype(dtype) == "float64"
    return "float64" if is_double else "float32"
