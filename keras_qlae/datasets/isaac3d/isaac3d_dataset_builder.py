"""Isaac3D for TensorFlow Datasets; importing this registers it."""

from keras_qlae.datasets.isaac3d.info import INFO
from keras_qlae.datasets.tfds_builder import FileBuilder


class Builder(FileBuilder):
    """Isaac3D, at 128 x 128 pixels."""

    PART = INFO
