"""What is known of dSprites."""

from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.dataset_info import downloadable

_NAME = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5"

INFO = downloadable(
    name="dsprites",
    summary="dSprites: a white square, ellipse or heart on black.",
    description=(
        "dSprites: binary pictures of a square, an ellipse or a heart. Colour "
        "has a single value and is left out of the factors. No method can "
        "identify orientation: its 40 values run from 0 to 2 pi with both "
        "ends, which are one picture, and turned squares and ellipses repeat. "
        "The embedded `sprites2d` has no such pictures."
    ),
    factors={
        "shape": 3,
        "scale": 6,
        "orientation": 40,
        "x_position": 32,
        "y_position": 32,
    },
    native_shape=(64, 64, 1),
    licence="Apache-2.0",
    citation=(
        "L. Matthey, I. Higgins, D. Hassabis, A. Lerchner: dSprites: "
        "Disentanglement testing Sprites dataset, 2017, "
        "https://github.com/google-deepmind/dsprites-dataset"
    ),
    homepage="https://github.com/google-deepmind/dsprites-dataset",
    files=(
        RawFile(
            name=_NAME,
            url=(
                "https://github.com/deepmind/dsprites-dataset/blob/master/"
                f"{_NAME}?raw=true"
            ),
            num_bytes=28_024_106,
            sha256=(
                "729fa22e884c9c500e1f17415d580746"
                "b4c5894fbbb780a1319bbcfa39a745bb"
            ),
        ),
    ),
    reader="keras_qlae.datasets.readers.hdf5:read_dsprites",
    tfds_labels=(
        "label_shape",
        "label_scale",
        "label_orientation",
        "label_x_position",
        "label_y_position",
    ),
)
