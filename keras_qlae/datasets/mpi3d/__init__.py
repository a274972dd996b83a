"""MPI3D: a robot arm, simulated and real."""

from keras_qlae.datasets.mpi3d.info import INFOS

__all__ = ["INFOS"]
