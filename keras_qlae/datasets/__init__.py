"""Images with known factors of variation."""

from keras_qlae.datasets.array_dataset import from_arrays
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.registry import DatasetInfo
from keras_qlae.datasets.registry import available
from keras_qlae.datasets.registry import info
from keras_qlae.datasets.registry import load
from keras_qlae.datasets.room3d import Room3D

__all__ = [
    "DatasetInfo",
    "FactorDataset",
    "Room3D",
    "available",
    "from_arrays",
    "info",
    "load",
]
