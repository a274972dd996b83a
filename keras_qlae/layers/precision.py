"""Which dtype to compute in where half precision would not do."""

from typing import Any

import keras


def full_precision(dtype: Any) -> str:
    """`"float64"` for float64, `"float32"` for any other float dtype."""
    is_double = keras.backend.standardize_dtype(dtype) == "float64"
    return "float64" if is_double else "float32"
