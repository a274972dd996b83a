"""The shapes of sprites2d, and the table of all their pictures.

A shape is a function of two coordinates, `x` to the right and `y` upwards,
that returns which points belong to it. At scale 1 it lies within the unit
circle. No shape looks the same after less than a full rotation.
"""

import functools
from collections.abc import Callable

import numpy as np

Array = np.ndarray

RADIUS = 16  # pixels, of a shape of scale 1
SPRITE = 2 * RADIUS + 1  # height and width of its picture
SCALES = np.linspace(0.5, 1.0, 6)
ORIENTATIONS = np.arange(40) * (2 * np.pi / 40)  # without the second end


def notched_square(x: Array, y: Array) -> Array:
    """A square that lacks one of its quarters."""
    half = 0.72
    in_square: Array = np.maximum(np.abs(x), np.abs(y)) <= half
    inside: Array = in_square & ~((x > 0) & (y > 0))
    return inside


def drop(x: Array, y: Array) -> Array:
    """A drop that falls: round below, with a tip above."""
    height = np.clip(y, -1, 1)
    width = 1.1 * np.sqrt(1 - height**2) * ((1 - height) / 2) ** 0.75
    inside: Array = (np.abs(y) <= 1) & (np.abs(x) <= width)
    return inside


def heart(x: Array, y: Array) -> Array:
    """A heart: the curve (x^2 + y^2 - 1)^3 = x^2 y^3, made smaller."""
    x, y = 1.3 * x, 1.3 * y + 0.12  # its middle, and not its cusp, turns
    inside: Array = (x**2 + y**2 - 1) ** 3 <= x**2 * y**3
    return inside


SHAPES: dict[str, Callable[[Array, Array], Array]] = {
    "notched_square": notched_square,
    "drop": drop,
    "heart": heart,
}


def draw(shape: str, scale: float, orientation: float) -> Array:
    """Draws a shape, turned counter-clockwise, amid a small picture.

    bool `(SPRITE, SPRITE)`: whether the centre of each pixel is inside.
    """
    across = np.arange(-RADIUS, RADIUS + 1) / (RADIUS * scale)
    x, y = np.meshgrid(across, -across)
    cos, sin = np.cos(orientation), np.sin(orientation)
    return SHAPES[shape](cos * x + sin * y, cos * y - sin * x)


@functools.cache
def sprite_table() -> Array:
    """Draws every shape at every scale and orientation, which varies fastest.

    uint8 0 and 1 `(720, SPRITE, SPRITE)`, read-only.
    """
    sprites = [
        draw(shape, scale, orientation)
        for shape in SHAPES
        for scale in SCALES
        for orientation in ORIENTATIONS
    ]
    table = np.array(sprites, np.uint8)
    table.flags.writeable = False
    return table
