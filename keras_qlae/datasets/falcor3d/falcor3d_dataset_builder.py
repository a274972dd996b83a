"""Falcor3D for TensorFlow Datasets; importing this registers it."""

from keras_qlae.datasets.falcor3d.info import INFO
from keras_qlae.datasets.tfds_builder import FileBuilder


class Builder(FileBuilder):
    """Falcor3D, at 128 x 128 pixels."""

    PART = INFO
