"""3D Shapes: a room with an object."""

from keras_qlae.datasets.shapes3d.info import INFO

__all__ = ["INFO"]
