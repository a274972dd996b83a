"""What is known of 3D Shapes."""

from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.dataset_info import downloadable

INFO = downloadable(
    name="shapes3d",
    summary="3D Shapes: a room with an object.",
    description=(
        "3D Shapes: floor, wall and object of 10 hues each (0 to 0.9), scale "
        "(0.75 to 1.25), shape (cube, cylinder, sphere, capsule) and "
        "orientation (-30 to 30 degrees)."
    ),
    factors={
        "floor_hue": 10,
        "wall_hue": 10,
        "object_hue": 10,
        "scale": 8,
        "shape": 4,
        "orientation": 15,
    },
    native_shape=(64, 64, 3),
    licence="Apache-2.0",
    citation=(
        "C. Burgess and H. Kim: 3D Shapes Dataset, 2018, "
        "https://github.com/google-deepmind/3d-shapes"
    ),
    homepage="https://github.com/google-deepmind/3d-shapes",
    files=(
        RawFile(
            name="3dshapes.h5",
            url="https://storage.googleapis.com/3d-shapes/3dshapes.h5",
            num_bytes=267_573_662,
            sha256=(
                "0a0f6ed98baff276a50f3a081a7434d7"
                "88da63cb135a98189b2a5b5769be1785"
            ),
        ),
    ),
    reader="keras_qlae.datasets.readers.hdf5:read_shapes3d",
    tfds_labels=(
        "label_floor_hue",
        "label_wall_hue",
        "label_object_hue",
        "label_scale",
        "label_shape",
        "label_orientation",
    ),
)
