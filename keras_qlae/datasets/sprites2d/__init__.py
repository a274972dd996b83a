"""sprites2d: the embedded data set of binary shapes."""

from keras_qlae.datasets.sprites2d.dataset import Sprites2D

__all__ = ["Sprites2D"]
