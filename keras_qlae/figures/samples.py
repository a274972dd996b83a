"""Images that the model draws from its prior."""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.pixels import Page
from keras_qlae.figures.pixels import check_images
from keras_qlae.figures.pixels import mosaic
from keras_qlae.figures.pixels import scale_of
from keras_qlae.figures.pixels import to_pixels
from keras_qlae.figures.style import own_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARGIN = 16


@own_style()
def samples(images: npt.ArrayLike) -> "Figure":
    """Shows unconditional samples as a square grid, row by row.

    Args:
        images: Shape `(num_images, height, width, channels)`, uint8 or floats
            in [0, 1], 1 or 3 channels, such as `model.sample(64)`. If
            `num_images` is not a square, the last places stay white.

    Returns:
        A Matplotlib figure with one axes.

    Raises:
        ValueError: If images have a wrong shape or range.
    """
    pixels = to_pixels(check_images(images, "images", "num_images"))
    num_columns = math.ceil(math.sqrt(len(pixels)))
    num_rows = -(-len(pixels) // num_columns)
    table = np.full(
        (num_rows * num_columns, *pixels.shape[1:]), 255, dtype=np.uint8
    )
    table[: len(pixels)] = pixels
    picture = mosaic(table.reshape(num_rows, num_columns, *pixels.shape[1:]))
    scale = scale_of(pixels)
    page = Page(
        scale * picture.shape[1] + 2 * _MARGIN,
        scale * picture.shape[0] + 2 * _MARGIN,
    )
    page.picture(_MARGIN, _MARGIN, picture, scale)
    return page.figure
