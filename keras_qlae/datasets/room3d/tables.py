"""The light tables of room3d: shipped for 32 and 64, cast for other sizes."""

import functools
import importlib.resources

import numpy as np

from keras_qlae.datasets.casting.light_table import quantize
from keras_qlae.datasets.room3d.ray_caster import MATERIALS
from keras_qlae.datasets.room3d.ray_caster import NUM_GEOMETRIES
from keras_qlae.datasets.room3d.ray_caster import cast

SHIPPED_SIZES = (32, 64)


def table_name(image_size: int) -> str:
    """Names the file of a shipped table."""
    return f"light_{image_size}.npz"


def cast_table(image_size: int) -> np.ndarray:
    """Computes a table: uint8 `(480, image_size, image_size, 4)`.

    The axes are geometry, row, column and material.
    """
    shape = (NUM_GEOMETRIES, image_size, image_size, len(MATERIALS))
    table = np.empty(shape, np.uint8)
    for geometry, light in cast(image_size):
        table[geometry] = quantize(light)
    return table


@functools.lru_cache(maxsize=4)
def load_table(image_size: int) -> np.ndarray:
    """Returns the table of a size, from the package or computed (a second).

    It is uint8 `(480, image_size ** 2, 4)`. The tables used last are kept in
    memory, `1920 * image_size ** 2` bytes each, and read-only.
    """
    if image_size in SHIPPED_SIZES:
        folder = importlib.resources.files("keras_qlae.datasets.room3d")
        path = folder / "tables" / table_name(image_size)
        with path.open("rb") as file, np.load(file) as archive:
            table: np.ndarray = archive["light"]
    else:
        table = cast_table(image_size)
    flat = table.reshape(NUM_GEOMETRIES, image_size**2, len(MATERIALS))
    flat.flags.writeable = False
    return flat
