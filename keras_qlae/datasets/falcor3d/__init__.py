"""Falcor3D: a living room, rendered."""

from keras_qlae.datasets.falcor3d.info import INFO

__all__ = ["INFO"]
