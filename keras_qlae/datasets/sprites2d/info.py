"""What is known of sprites2d."""

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.sprites2d.dataset import FACTORS
from keras_qlae.datasets.sprites2d.dataset import Sprites2D

INFO = DatasetInfo(
    name="sprites2d",
    summary="White shapes on black; embedded, no download; 64x64 pixels.",
    description=(
        "Binary pictures of a notched square, a drop or a heart, drawn by "
        "this package. Sizes of factors and images are those of dSprites, but "
        "no shape is symmetric under rotation and orientation has one end of "
        "the circle, so that every factor can be identified. Scores are not "
        "comparable with those published for dSprites."
    ),
    factors=FACTORS,
    native_shape=(64, 64, 1),
    options={},
    licence="Apache-2.0, as this package",
    citation=(
        "Drawn by keras-qlae. After: L. Matthey, I. Higgins, D. Hassabis, "
        "A. Lerchner, dSprites, 2017, "
        "https://github.com/google-deepmind/dsprites-dataset"
    ),
    make=Sprites2D,
)
