"""What is known of Cars3D."""

from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.dataset_info import downloadable

INFO = downloadable(
    name="cars3d",
    summary="Models of 183 cars from 4 elevations and 24 azimuths.",
    description=(
        "Cars3D: rendered models of cars. The values of factor `object`, the "
        "183 models, have no order. Published at 128 x 128 pixels."
    ),
    factors={"elevation": 4, "azimuth": 24, "object": 183},
    native_shape=(128, 128, 3),
    licence="Not stated; published for research",
    citation=(
        "S. Reed, Y. Zhang, Y. Zhang, H. Lee: Deep Visual Analogy-Making. "
        "NIPS 2015"
    ),
    homepage="http://www.scottreed.info",
    files=(
        RawFile(
            name="nips2015-analogy-data.tar.gz",
            url=(
                "http://www.scottreed.info/files/nips2015-analogy-data.tar.gz"
            ),
            num_bytes=300_000_000,
            md5="4e866a7919c1beedf53964e6f7a23686",
        ),
    ),
    reader="keras_qlae.datasets.readers.cars:read_cars3d",
    in_order=False,
)
