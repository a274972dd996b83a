"""The embedded data set."""

from keras_qlae.datasets.room3d.dataset import Room3D

__all__ = ["Room3D"]
