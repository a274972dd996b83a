"""Cars3D: models of cars, turned."""

from keras_qlae.datasets.cars3d.info import INFO

__all__ = ["INFO"]
