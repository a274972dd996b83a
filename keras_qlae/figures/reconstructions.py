"""Images, their reconstructions, and the difference."""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import Floats
from keras_qlae.figures.pixels import Page
from keras_qlae.figures.pixels import Pixels
from keras_qlae.figures.pixels import centres
from keras_qlae.figures.pixels import check_images
from keras_qlae.figures.pixels import gap_of
from keras_qlae.figures.pixels import mosaic
from keras_qlae.figures.pixels import scale_of
from keras_qlae.figures.pixels import to_floats
from keras_qlae.figures.pixels import to_pixels
from keras_qlae.figures.style import MUTED
from keras_qlae.figures.style import number
from keras_qlae.figures.style import own_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_COLUMNS = 16
_MARGIN = 24
_LABELS = 130  # device pixels for the names of the rows
_FOOTER = 48  # device pixels for the PSNR below a band


@own_style()
def reconstructions(
    images: npt.ArrayLike,
    reconstructed: npt.ArrayLike,
    *,
    difference_scale: float | None = None,
) -> "Figure":
    """Shows images, their reconstructions and the absolute difference.

    Below each column is its peak signal-to-noise ratio in decibels,
    -10 log10(mean squared error) for images in [0, 1]. Higher is better; it is
    infinite for an exact reconstruction. More than 16 images continue in
    another band of three rows.

    Args:
        images: Shape `(num_images, height, width, channels)`, uint8 or floats
            in [0, 1], 1 or 3 channels.
        reconstructed: Their reconstructions in the same shape, such as
            `model.reconstruct(images)`.
        difference_scale: The difference is multiplied by it, clipped at 1 and
            shown; the scale is written beside the row. By default the largest
            of 1, 2, 5, 10, 20, 50, 100 with which nothing is clipped.

    Returns:
        A Matplotlib figure with one axes per band.

    Raises:
        ValueError: If a shape or range is wrong, the two shapes differ or the
            scale is not positive.
    """
    true = check_images(images, "images", "num_images")
    rebuilt = check_images(reconstructed, "reconstructed", "num_images")
    if true.shape != rebuilt.shape:
        raise ValueError(
            "`images` and `reconstructed` must have the same shape. "
            f"Received: {true.shape} and {rebuilt.shape}"
        )
    difference = np.abs(to_floats(true) - to_floats(rebuilt))
    gain = _gain(difference_scale, float(difference.max()))
    shown = np.minimum(difference * gain, 1.0)
    rows = np.stack([to_pixels(each) for each in (true, rebuilt, shown)])
    names = ["True", "Rebuilt", f"Difference\n\N{MULTIPLICATION SIGN}{gain:g}"]
    return _bands(rows, names, _psnr(difference))


def _gain(requested: float | None, largest: float) -> float:
    if requested is None:
        steps = (1, 2, 5, 10, 20, 50, 100)
        return max([step for step in steps if step * largest <= 1.0] or [1])
    if not (requested > 0 and math.isfinite(requested)):
        raise ValueError(
            "`difference_scale` must be a positive number. "
            f"Received: difference_scale={requested}"
        )
    return requested


def _psnr(difference: Floats) -> list[float]:
    errors = np.mean(difference**2, axis=(1, 2, 3))
    return [
        -10.0 * math.log10(error) if error > 0 else math.inf for error in errors
    ]


def _bands(rows: Pixels, names: list[str], psnr: list[float]) -> "Figure":
    num_images = rows.shape[1]
    num_bands = -(-num_images // _MAX_COLUMNS)
    num_columns = -(-num_images // num_bands)
    scale, gap = scale_of(rows), gap_of(rows)
    height = scale * (3 * (rows.shape[2] + gap) - gap) + _FOOTER
    width = scale * (num_columns * (rows.shape[3] + gap) - gap)
    page = Page(_LABELS + width + _MARGIN, _MARGIN + num_bands * height)
    for band in range(num_bands):
        part = slice(band * num_columns, (band + 1) * num_columns)
        picture = mosaic(rows[:, part])
        axes = page.picture(_LABELS, _MARGIN + band * height, picture, scale)
        axes.set_yticks(centres(3, rows.shape[2], gap), names)
        axes.set_xticks(
            centres(len(psnr[part]), rows.shape[3], gap),
            [_decibels(value) for value in psnr[part]],
        )
        axes.tick_params(labelsize=8.5, length=0)
        _name_footer(axes)
    return page.figure


def _decibels(value: float) -> str:
    return number(value, 1) if math.isfinite(value) else "\N{INFINITY}"


def _name_footer(axes: "Axes") -> None:
    axes.annotate(
        "PSNR (dB)",
        (0, 0),
        xycoords="axes fraction",
        xytext=(-3.5, -3.5),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8.5,
        color=MUTED,
    )
