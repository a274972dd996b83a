"""Isaac3D: a robot arm in a kitchen, rendered."""

from keras_qlae.datasets.isaac3d.info import INFO

__all__ = ["INFO"]
