"""What is known of room3d and its variant."""

import dataclasses

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.room3d.dataset import FACTORS
from keras_qlae.datasets.room3d.dataset import Room3D
from keras_qlae.datasets.room3d.nuisance import Room3DNuisance

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
NUISANCE = dataclasses.replace(
    INFO,
    name="room3d_nuisance",
    summary="room3d with light, discs and noise as nuisance; embedded.",
    description=(
        "The pictures of room3d, each with different light, three small discs "
        "near the border and noise, which are independent of the factors. They "
        "depend on the picture's position and a seed. Compare scores with "
        "those on room3d only to measure the effect of this nuisance, and not "
        "with those published for 3D Shapes."
    ),
    options=INFO.options
    | {"seed": "for the nuisance, below 2 ** 32 (default 0); in Python"},
    make=Room3DNuisance,
)
