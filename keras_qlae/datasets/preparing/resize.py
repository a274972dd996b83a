"""Makes images smaller: bicubic, antialiased, clipped."""

import functools

import numpy as np


def resize(images: np.ndarray, image_size: int) -> np.ndarray:
    """Resizes images, each level rounded once.

    Equals `tf.image.resize(method="bicubic", antialias=True)` and
    `jax.image.resize(method="cubic")`, clipped to the range of uint8.

    Args:
        images: uint8 `(n, height, width, channels)`.
        image_size: Height and width of the result, at most that of `images`.

    Returns:
        uint8 `(n, image_size, image_size, channels)`.
    """
    _, height, width, _ = images.shape
    if height == width == image_size:
        return images
    rows = _weights(height, image_size)
    columns = _weights(width, image_size)
    levels = images.astype(np.float32)
    levels = np.einsum("ih,nhwc->niwc", rows, levels, optimize=True)
    levels = np.einsum("jw,niwc->nijc", columns, levels, optimize=True)
    rounded: np.ndarray = np.rint(np.clip(levels, 0, 255))
    return rounded.astype(np.uint8)


@functools.cache
def _weights(old_size: int, new_size: int) -> np.ndarray:
    """How much each old pixel counts in each new one.

    Returns:
        float32 `(new_size, old_size)`; rows sum to 1.
    """
    scale = old_size / new_size  # at least 1: the kernel widens with it
    centres = (np.arange(new_size) + 0.5) * scale
    pixels = np.arange(old_size) + 0.5
    weights = _cubic(np.abs(centres[:, None] - pixels) / scale)
    normal: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return normal.astype(np.float32)


def _cubic(distance: np.ndarray) -> np.ndarray:
    """The cubic convolution kernel of Keys (1981), a = -1/2."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
