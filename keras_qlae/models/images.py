"""Inputs of a model: scaled once, checked as NumPy arrays.

An example of shape `(height, width, channels)` is an image; one of another
shape, as `(width,)`, is a vector, or a sequence of vectors.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

_TOLERANCE = 1e-3  # allows for the rounding of a resize or a float16 file


def to_unit_interval(images: Any, dtype: str) -> Any:
    """Converts images to floats in `[0, 1]`: integers are divided by 255.

    This is the only place where that happens. Keras alone would silently cast
    the pixel 200 to 200.0. Vectors keep their values.
    """
    if not hasattr(images, "dtype"):
        images = np.asarray(images)
    is_float = keras.backend.is_float_dtype(
        keras.backend.standardize_dtype(images.dtype)
    )
    images = ops.cast(ops.convert_to_tensor(images), dtype)
    if is_float or not is_image(images.shape[1:]):
        return images
    return images / 255


def is_image(shape: Sequence[int | None]) -> bool:
    """Whether an example of this shape is an image, not a vector."""
    return len(shape) == 3


def check_images(
    images: Any, image_shape: tuple[int | None, ...], what: str = "images"
) -> None:
    """Raises unless NumPy arrays are images that a model can read.

    The model's shape is that of an image or of a vector. Values must be finite,
    those of images in `[0, 1]` for floats and in `[0, 255]` for integers.
    """
    images = np.asarray(images)
    check_image_shape(images.shape, image_shape, what)
    if images.dtype.kind == "f" or images.dtype.name == "bfloat16":
        low, high = _finite_range(images, what)
        if is_image(image_shape):
            _check_unit_interval(low, high, what)
    elif images.dtype.kind not in "iu":
        raise ValueError(
            f"`{what}` must be {_kinds(image_shape)}. "
            f"Received: dtype={images.dtype}"
        )
    elif (
        is_image(image_shape)
        and images.size
        and (images.min() < 0 or images.max() > 255)
    ):
        raise ValueError(
            f"Integer `{what}` must be in [0, 255]: they are divided by 255. "
            f"Received: {images.min()} to {images.max()}"
        )


def check_image_shape(
    shape: tuple[int | None, ...],
    image_shape: tuple[int | None, ...],
    what: str = "images",
) -> None:
    """Raises `ValueError` unless a batch's shape is that of the images."""
    wanted = tuple(image_shape)
    if len(shape) != 1 + len(wanted) or any(
        None not in (got, want) and got != want
        for got, want in zip(shape[1:], wanted, strict=True)
    ):
        if not is_image(wanted):
            raise ValueError(
                f"`{what}` must have shape (batch, "
                f"{', '.join(map(str, wanted))}), the encoder's input: it "
                f"reads vectors of that shape. Received: shape={tuple(shape)}"
            )
        is_channels_first = tuple(shape[2:]) + tuple(shape[1:2]) == wanted
        hint = (
            f" Channels come last: `np.moveaxis({what}, 1, -1)`."
            if is_channels_first
            else ""
        )
        raise ValueError(
            f"`{what}` must have shape (batch, height, width, channels) = "
            f"(batch, {', '.join(map(str, wanted))}), the encoder's input."
            f"{hint} Received: shape={tuple(shape)}"
        )


def _kinds(shape: tuple[int | None, ...]) -> str:
    if is_image(shape):
        return "integers in [0, 255] or floats in [0, 1]"
    return "integers or floats"


def _finite_range(images: np.ndarray, what: str) -> tuple[float, float]:
    """Checks slice by slice, to avoid a copy of a large array."""
    low, high = np.inf, -np.inf
    for start in range(0, len(images), 4096):
        part = images[start : start + 4096]
        part_low, part_high = float(part.min()), float(part.max())
        low, high = min(low, part_low), max(high, part_high)
        if not np.isfinite(part_low) or not np.isfinite(part_high):
            bad = start + int(
                np.argmin(np.isfinite(part).reshape(len(part), -1).all(axis=1))
            )
            raise ValueError(
                f"`{what}` must be finite. Received: NaN or infinity in "
                f"{'image' if is_image(images.shape[1:]) else 'row'} {bad}"
            )
    return low, high


def _check_unit_interval(low: float, high: float, what: str) -> None:
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise ValueError(
            f"Float `{what}` must be in [0, 1]: divide by 255, or pass them "
            f"as integers. Received: {low:g} to {high:g}"
        )
