"""What is known of arm3d."""

from keras_qlae.datasets.arm3d.dataset import FACTORS
from keras_qlae.datasets.arm3d.dataset import Arm3D
from keras_qlae.datasets.dataset_info import DatasetInfo

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
