"""arm3d: the embedded data set of a robot's arm, drawn when it is asked for."""

import functools
from collections.abc import Iterator

import numpy as np

from keras_qlae.datasets.arm3d import ray_caster
from keras_qlae.datasets.casting.light_dataset import Color
from keras_qlae.datasets.casting.light_dataset import LightDataset
from keras_qlae.datasets.casting.light_table import kept_table
from keras_qlae.datasets.casting.light_table import quantize
from keras_qlae.datasets.dataset_info import DatasetInfo

VERSION = 1  # of the pictures: counted up when they change
MATERIALS: dict[str, list[Color]] = {  # in the order of the ray caster
    "object_color": [
        (224, 62, 54),
        (250, 190, 50),
        (88, 176, 76),
        (48, 112, 214),
        (164, 76, 190),
        (250, 250, 244),
    ],
    "background_color": [(92, 168, 164), (126, 116, 172), (214, 138, 120)],
    "table": [(206, 172, 132)],
    "arm": [(104, 112, 126)],
}
FACTORS = {
    "object_color": len(MATERIALS["object_color"]),
    "object_shape": len(ray_caster.SHAPES),
    "object_size": len(ray_caster.SIZES),
    "camera_height": len(ray_caster.CAMERAS),
    "background_color": len(MATERIALS["background_color"]),
    "horizontal_axis": len(ray_caster.HORIZONTAL),
    "vertical_axis": len(ray_caster.VERTICAL),
}


class Arm3D(LightDataset):
    """An arm that holds an object over a table, with the factors of MPI3D.

    86,400 images have seven factors, in this order:

    - `object_color`: 6, red, yellow, green, blue, purple, white;
    - `object_shape`: 4, cube, cylinder, sphere, cone;
    - `object_size`: 2;
    - `camera_height`: 3, 14, 30 and 46 degrees above the table;
    - `background_color`: 3, teal, violet, salmon;
    - `horizontal_axis`: 20, the arm turned from -76 to 76 degrees;
    - `vertical_axis`: 10, the forearm from -50 to 40 degrees above level.

    Names and order of the factors are those of MPI3D. The pictures and most
    numbers of values differ, so scores are not comparable with those
    published for MPI3D.

    The light of the 4,800 geometries is computed at first use and saved in
    the folder of prepared data sets, `$KERAS_QLAE_DATA_DIR` or by default
    `~/.keras/datasets/keras_qlae`.

    Args:
        image_size: Height and width, at least 8. Defaults to `64`.

    Example:
        >>> dataset = Arm3D(image_size=16)
        >>> dataset.images([0, 86_399]).shape
        (2, 16, 16, 3)
        >>> dataset.factors([86_399]).tolist()
        [[5, 3, 1, 2, 2, 19, 9]]
    """

    def __init__(self, image_size: int = 64) -> None:
        super().__init__("arm3d", FACTORS, image_size, MATERIALS)

    def _table(self) -> np.ndarray:
        return load_table(self.image_size)

    def _content(self) -> Iterator[bytes]:
        yield f"arm3d {VERSION}".encode()


def cast_table(image_size: int) -> np.ndarray:
    """The light of all geometries: uint8 `(4800, image_size ** 2, 4)`.

    The axes are geometry, pixel and material.
    """
    table = np.empty(_shape(image_size), np.uint8)
    for geometry, light in ray_caster.cast(image_size):
        table[geometry] = quantize(light)
    return table


@functools.lru_cache(maxsize=2)
def load_table(image_size: int) -> np.ndarray:
    """Returns the table of a size, read-only, kept on disk and in memory."""
    table = kept_table(
        f"arm3d/light_{image_size}_v{VERSION}.npz",
        _shape(image_size),
        lambda: cast_table(image_size),
    )
    table.flags.writeable = False
    return table


def _shape(image_size: int) -> tuple[int, int, int]:
    num_geometries = int(np.prod(ray_caster.GRID))
    return num_geometries, image_size**2, len(ray_caster.MATERIALS)


INFO = DatasetInfo(
    name="arm3d",
    summary="An arm that holds an object; embedded, no download.",
    description=(
        "An arm that holds an object over a wooden table, with soft shadows, "
        "drawn by the ray caster of this package. Names and order of the "
        "factors are those of MPI3D (Gondal et al., 2019), but the pictures "
        "and most numbers of values differ: scores are not comparable with "
        "those published for MPI3D. The arm does not model a real robot."
    ),
    factors=FACTORS,
    native_shape=(64, 64, 3),
    options={
        "image_size": (
            "height and width, at least 8 (default 64); cast at first use and "
            "kept, in up to half a minute for 64"
        )
    },
    licence="Apache-2.0, as this package",
    citation=(
        "Drawn by keras-qlae. After: M. W. Gondal et al., On the Transfer of "
        "Inductive Bias from Simulation to the Real World: a New "
        "Disentanglement Dataset, NeurIPS 2019, "
        "https://github.com/rr-learning/disentanglement_dataset"
    ),
    make=Arm3D,
)
