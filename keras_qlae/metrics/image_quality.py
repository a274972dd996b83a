"""PSNR and SSIM: how similar reconstructions are to the images."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray

# Of a mean squared error: no finite image exceeds 120 dB.
_MIN_ERROR = 1e-12
_RADIUS, _SIGMA = 5, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def psnr(images: npt.ArrayLike, reconstructions: npt.ArrayLike) -> FloatArray:
    """Peak signal-to-noise ratio of each image, -10 log10(mean squared error).

    Args:
        images: `(batch, height, width, channels)`, integers in [0, 255] or
            floats in [0, 1].
        reconstructions: The same shape; either form.

    Returns:
        `(batch,)`, in dB; higher is better, 120 for equal images.

    Example:
        >>> black, grey = np.zeros((1, 4, 4, 3)), np.full((1, 4, 4, 3), 0.1)
        >>> psnr(black, grey).round(6).tolist()
        [20.0]

    Raises:
        ValueError: If the shapes are not those of two equal batches, or
            values are outside their range.

    Reference:
        Wang et al., "Image Quality Assessment: From Error Visibility to
        Structural Similarity", IEEE TIP 13(4), 2004.
    """
    first, second = _check_images(images, reconstructions)
    error = np.mean((first - second) ** 2, axis=(1, 2, 3))
    return np.asarray(-10 * np.log10(np.maximum(error, _MIN_ERROR)))


def ssim(images: npt.ArrayLike, reconstructions: npt.ArrayLike) -> FloatArray:
    """Structural similarity of each image, mean over positions and channels.

    Means, variances and covariance (divided by the sum of the weights, not
    by one less) are weighted by a Gaussian window of 11 x 11 pixels with
    standard deviation 1.5. The window must lie inside the image, so that the
    border of 5 pixels counts only as neighbours. Smaller images use the
    largest odd window that fits. Each channel is scored separately, with
    K1 = 0.01, K2 = 0.03 and values in [0, 1].

    Args:
        images: As in `psnr`.
        reconstructions: As in `psnr`.

    Returns:
        `(batch,)`, in [-1, 1]; higher is better, 1 for equal images.

    Example:
        >>> image = np.linspace(0, 1, 256).reshape(1, 16, 16, 1)
        >>> ssim(image, image).round(6).tolist()
        [1.0]

    Raises:
        ValueError: As in `psnr`.

    Reference:
        Wang et al., "Image Quality Assessment: From Error Visibility to
        Structural Similarity", IEEE TIP 13(4), 2004.
    """
    first, second = _check_images(images, reconstructions)
    mean1, mean2 = _blur(first), _blur(second)
    variance1 = _blur(first**2) - mean1**2
    variance2 = _blur(second**2) - mean2**2
    covariance = _blur(first * second) - mean1 * mean2
    luminance = (2 * mean1 * mean2 + _C1) / (mean1**2 + mean2**2 + _C1)
    structure = (2 * covariance + _C2) / (variance1 + variance2 + _C2)
    return np.asarray(np.mean(luminance * structure, axis=(1, 2, 3)))


def _blur(images: FloatArray) -> FloatArray:
    """Weighted means where the window lies within the image."""
    from scipy.ndimage import correlate1d

    radius = min(_RADIUS, (min(images.shape[1:3]) - 1) // 2)
    weights = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    for axis in (1, 2):
        images = correlate1d(images, weights, axis=axis)
    height, width = images.shape[1:3]
    return images[:, radius : height - radius, radius : width - radius]


def _check_images(
    images: npt.ArrayLike, reconstructions: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    first, second = np.asarray(images), np.asarray(reconstructions)
    if first.ndim != 4 or 0 in first.shape or first.shape != second.shape:
        raise ValueError(
            "`images` and `reconstructions` must both have the shape (batch, "
            "height, width, channels), and no axis of length 0. Received: "
            f"images.shape={first.shape}, "
            f"reconstructions.shape={second.shape}"
        )
    return _to_unit(first, "images"), _to_unit(second, "reconstructions")


def _to_unit(values: npt.NDArray[np.generic], name: str) -> FloatArray:
    is_integer = values.dtype.kind in "iu"
    unit = values.astype(np.float64) / (255 if is_integer else 1)
    if not (unit.min() >= 0 and unit.max() <= 1):
        raise ValueError(
            f"`{name}` must be integers in [0, 255] or floats in [0, 1], "
            f"without NaN. Received: dtype {values.dtype}, values from "
            f"{values.min()} to {values.max()}"
        )
    return unit
