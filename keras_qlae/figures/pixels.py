"""Image grids in which every image pixel is a whole block of device pixels."""

import math
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.style import DPI
from keras_qlae.figures.style import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pixels = npt.NDArray[np.uint8]

_IMAGE_SIZE = 64  # device pixels of a shown image's width, 0.4 inches
_BREADTH = 1.2  # wanted height of a page divided by its width
_MAX_WIDTH = 14 * DPI


def check_images(images: Any, name: str, axes: str) -> npt.NDArray[Any]:
    """Returns images as an array after a check of shape and range.

    They are grey (1 channel) or RGB, uint8 or floats in [0, 1]. `axes` is their
    leading axes in words, as `"num_images"`.
    """
    array = np.asarray(images)
    rank = len(axes.split(", ")) + 3
    if array.ndim != rank or array.shape[-1] not in (1, 3) or not array.size:
        raise ValueError(
            f"`{name}` must have the shape ({axes}, height, width, channels), "
            "with 1 or 3 channels and no axis empty. "
            f"Received: an array of shape {array.shape}"
        )
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind in "biu":
        raise ValueError(
            f"`{name}` must be uint8 in [0, 255] or floats in [0, 1]. "
            f"Received: dtype {array.dtype}"
        )
    return _check_range(array.astype(np.float32), name)


def _check_range(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    low, high = float(array.min()), float(array.max())
    if not (low >= 0.0 and high <= 1.0):  # NaN fails too
        raise ValueError(
            f"`{name}` must be in [0, 1] if its images are floats. Apply the "
            "sigmoid to logits, or divide by 255. "
            f"Received: values from {low:g} to {high:g}"
        )
    return array


def to_floats(images: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Returns checked images as floats in [0, 1]."""
    scale = 255.0 if images.dtype == np.uint8 else 1.0
    return images.astype(np.float64) / scale


def to_pixels(images: npt.NDArray[Any]) -> Pixels:
    """Returns checked images as uint8 with three channels."""
    if images.dtype != np.uint8:
        # Rounded here, since Matplotlib would cut off the fraction.
        images = np.rint(images * 255.0).astype(np.uint8)
    return np.broadcast_to(images, (*images.shape[:-1], 3))


def gap_of(pixels: Pixels) -> int:
    """Returns the white space between two images, in image pixels."""
    return max(1, round(int(pixels.shape[-2]) / 20))


def mosaic(pixels: Pixels) -> Pixels:
    """Arranges a table of images as one image, on white.

    From `(num_rows, num_columns, height, width, 3)`; neighbours are
    `gap_of(pixels)` apart.
    """
    num_rows, num_columns, height, width, _ = pixels.shape
    gap = gap_of(pixels)
    room = ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0))
    padded = np.pad(pixels, room, constant_values=255)
    # -> (num_rows, height + gap, num_columns, width + gap, 3)
    table = padded.transpose(0, 2, 1, 3, 4)
    table = table.reshape(
        num_rows * (height + gap), num_columns * (width + gap), 3
    )
    return table[:-gap, :-gap]


def centres(count: int, size: int, gap: int) -> list[float]:
    """Returns the middle of each image along one side of a mosaic."""
    return [i * (size + gap) + (size - 1) / 2 for i in range(count)]


def scale_of(pixels: Pixels) -> int:
    """Returns how many device pixels show one image pixel."""
    return max(1, round(_IMAGE_SIZE / int(pixels.shape[-2])))


def num_columns_of(count: int, width: int, height: int) -> int:
    """Returns the number of columns that gives a page of blocks a good shape.

    Width and height of a block are in device pixels.
    """

    def distance(num_columns: int) -> float:
        num_rows = math.ceil(count / num_columns)
        breadth = num_rows * height / (num_columns * width)
        return abs(math.log(breadth / _BREADTH))

    most = max(1, min(count, _MAX_WIDTH // width))
    return min(range(1, most + 1), key=distance)


class Page:
    """A figure whose pictures are placed in device pixels from its top left."""

    def __init__(self, width: int, height: int) -> None:
        # A multiple of 5 pixels is exact in inches, as 160 / 5 = 2 ** 5.
        self.width = 5 * math.ceil(width / 5)
        self.height = 5 * math.ceil(height / 5)
        self.figure = new_figure(self.width / DPI, self.height / DPI)

    def picture(self, left: int, top: int, image: Pixels, scale: int) -> "Axes":
        """Shows an image with `scale` device pixels per image pixel."""
        height, width = scale * image.shape[0], scale * image.shape[1]
        axes = self.figure.add_axes(
            (
                left / self.width,
                (self.height - top - height) / self.height,
                width / self.width,
                height / self.height,
            )
        )
        axes.imshow(image, interpolation="nearest", aspect="auto")
        axes.set(xticks=[], yticks=[])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        return axes
