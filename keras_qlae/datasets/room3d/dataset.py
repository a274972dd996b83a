"""room3d: the embedded data set, drawn when it is asked for."""

import colorsys
from collections.abc import Iterator

import numpy as np

from keras_qlae.datasets.casting.light_dataset import Color
from keras_qlae.datasets.casting.light_dataset import LightDataset
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.room3d import ray_caster
from keras_qlae.datasets.room3d.tables import load_table

HUES: list[Color] = [
    (255 * red, 255 * green, 255 * blue)
    for red, green, blue in (
        colorsys.hsv_to_rgb(k / 10, 1.0, 1.0) for k in range(10)
    )
]
MATERIALS: dict[str, list[Color]] = {
    "floor_hue": HUES,
    "wall_hue": HUES,
    "object_hue": HUES,
    "sky": [(153, 225, 249)],
}
VERSION = 1  # of the pictures: counted up when they change
FACTORS = {
    "floor_hue": len(HUES),
    "wall_hue": len(HUES),
    "object_hue": len(HUES),
    "scale": len(ray_caster.SCALES),
    "shape": len(ray_caster.SHAPES),
    "orientation": len(ray_caster.ORIENTATIONS),
}


class Room3D(LightDataset):
    """A room with an object, as in 3D Shapes, at any image size.

    480,000 images have six factors, in this order:

    - `floor_hue`, `wall_hue`, `object_hue`: 10 each, 0 to 0.9 in steps of 0.1;
    - `scale`: 8, from 0.75 to 1.25;
    - `shape`: 4, cube, cylinder, sphere, capsule;
    - `orientation`: 15, from -30 to 30 degrees.

    Order and values are those of 3D Shapes; the pictures differ, so scores
    are not comparable with those published for 3D Shapes.

    A picture is `light @ colours`. Only scale, shape and orientation change
    the light, and their 480 tables are in the package for sizes 32 and 64.
    Tables of other sizes are computed at first use, in about a second for
    64 x 64 pixels.

    Args:
        image_size: Height and width, at least 8. Defaults to `64`.

    Example:
        >>> dataset = Room3D(image_size=32)
        >>> dataset.images([0, 479_999]).shape
        (2, 32, 32, 3)
        >>> dataset.factors([479_999]).tolist()
        [[9, 9, 9, 7, 3, 14]]
    """

    def __init__(self, image_size: int = 64) -> None:
        super().__init__("room3d", FACTORS, image_size, MATERIALS)

    def _table(self) -> np.ndarray:
        return load_table(self.image_size)

    def _content(self) -> Iterator[bytes]:
        yield f"room3d {VERSION}".encode()


INFO = DatasetInfo(
    name="room3d",
    summary="A room with an object; embedded, no download; any image size.",
    description=(
        "A room with a floor, walls and one object, drawn by the ray caster "
        "of this package. Factors, their order and their values are those of "
        "3D Shapes (Burgess and Kim, 2018), the pictures are not: scores are "
        "not comparable with those published for 3D Shapes."
    ),
    factors=FACTORS,
    native_shape=(64, 64, 3),
    options={
        "image_size": (
            "height and width, at least 8 (default 64); 32 and 64 are in the "
            "package, others are cast at first use"
        )
    },
    licence="Apache-2.0, as this package",
    citation=(
        "Drawn by keras-qlae. After: C. Burgess and H. Kim, 3D Shapes "
        "Dataset, 2018, https://github.com/google-deepmind/3d-shapes"
    ),
    make=Room3D,
)
