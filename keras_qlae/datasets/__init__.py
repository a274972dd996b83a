"""Images or vectors with known factors of variation."""

from keras_qlae.datasets.arm3d.dataset import Arm3D
from keras_qlae.datasets.array_dataset import from_arrays
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.folder_dataset import from_folder
from keras_qlae.datasets.npz_dataset import from_npz
from keras_qlae.datasets.preparing.prepare import prepare
from keras_qlae.datasets.preparing.prepare_tfds import from_tfds
from keras_qlae.datasets.registry import available
from keras_qlae.datasets.registry import info
from keras_qlae.datasets.registry import load
from keras_qlae.datasets.registry import register_with_tfds
from keras_qlae.datasets.room3d.dataset import Room3D
from keras_qlae.datasets.room3d.nuisance import Room3DNuisance
from keras_qlae.datasets.sprites2d.dataset import Sprites2D

__all__ = [
    "Arm3D",
    "DatasetInfo",
    "FactorDataset",
    "Room3D",
    "Room3DNuisance",
    "Sprites2D",
    "available",
    "from_arrays",
    "from_folder",
    "from_npz",
    "from_tfds",
    "info",
    "load",
    "prepare",
    "register_with_tfds",
]
