"""dSprites: white shapes on black."""

from keras_qlae.datasets.dsprites.info import INFO

__all__ = ["INFO"]
