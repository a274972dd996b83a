"""From published files to images that are ready to be served."""

from keras_qlae.datasets.preparing.prepare import prepare

__all__ = ["prepare"]
