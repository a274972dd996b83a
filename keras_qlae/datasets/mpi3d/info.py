"""What is known of MPI3D."""

import math

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.dataset_info import downloadable

NATIVE_SHAPE = (64, 64, 3)
HOMEPAGE = "https://github.com/rr-learning/disentanglement_dataset"
CITATION = (
    "M. W. Gondal, M. Wüthrich, Đ. Miladinović, F. Locatello, M. Breidt, "
    "V. Volchkov, J. Akpo, O. Bachem, B. Schölkopf, S. Bauer: On the Transfer "
    "of Inductive Bias from Simulation to the Real World: a New "
    "Disentanglement Dataset. NeurIPS 2019, arXiv:1906.03292"
)
DEFAULT_CONFIG = "real_complex"
_PARTS = {
    "toy": ("simple rendering", 6, 6, "55889cb7c7dfc655d6e0277beee88868"),
    "realistic": (
        "realistic rendering",
        *(6, 6, "59a6225b88b635365f70c91b3e52f70f"),
    ),
    "real": ("photographs", 6, 6, "0f33f609918fb5c97996692f91129802"),
    "real_complex": ("photographs of everyday objects", 4, 4, ""),
}


def _describe(config: str) -> DatasetInfo:
    pictures, num_colors, num_shapes, md5 = _PARTS[config]
    is_default = config == DEFAULT_CONFIG
    factors = {
        "object_color": num_colors,
        "object_shape": num_shapes,
        "object_size": 2,
        "camera_height": 3,
        "background_color": 3,
        "horizontal_axis": 40,
        "vertical_axis": 40,
    }
    return downloadable(
        name="mpi3d" if is_default else f"mpi3d_{config}",
        summary=f"A robot arm holds an object: {pictures}.",
        description=(
            f"MPI3D, part `{config}`: a robot arm holds an object and moves it "
            f"along two axes ({pictures}). Papers that say only MPI3D, the "
            "one of latent quantization among them, mostly mean the part "
            "`real_complex`, here `mpi3d`."
        ),
        factors=factors,
        native_shape=NATIVE_SHAPE,
        licence="CC BY 4.0",
        citation=CITATION,
        homepage=HOMEPAGE,
        files=(_file(config, md5, math.prod(factors.values())),),
        reader="keras_qlae.datasets.readers.npz:read_npz",
    )


def _file(config: str, md5: str, num_images: int) -> RawFile:
    # The size of the archives is not published: at most that of the images.
    num_bytes = num_images * math.prod(NATIVE_SHAPE)
    if config == "real_complex":
        return RawFile(
            name="real3d_complicated_shapes_ordered.npz",
            url=(
                "https://drive.google.com/uc?"
                "id=1Tp8eTdHxgUMtsZv5uAoYAbJR1BOa_OQm"
            ),
            num_bytes=num_bytes,
        )
    return RawFile(
        name=f"mpi3d_{config}.npz",
        url=(
            "https://huggingface.co/datasets/waleedgondal/mpi3d/resolve/main/"
            f"mpi3d_{config}.npz"
        ),
        num_bytes=num_bytes,
        md5=md5,
        is_strict=False,  # the hash of a copy on a host that is gone
    )


CONFIGS = {config: _describe(config) for config in _PARTS}
INFOS = tuple(CONFIGS.values())
