"""MPI3D for TensorFlow Datasets; importing this registers it."""

import dataclasses
from typing import ClassVar

# A builder cannot be defined without it; nothing of the package imports this.
import tensorflow_datasets as tfds  # noqa: TID253

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.mpi3d.info import CONFIGS
from keras_qlae.datasets.mpi3d.info import DEFAULT_CONFIG
from keras_qlae.datasets.tfds_builder import FileBuilder


@dataclasses.dataclass(kw_only=True)
class Mpi3dConfig(tfds.core.BuilderConfig):
    """A part of MPI3D.

    Attributes:
        part: What is known of it.
    """

    part: DatasetInfo


class Builder(FileBuilder):
    """MPI3D: a robot arm holds an object."""

    BUILDER_CONFIGS: ClassVar[list[Mpi3dConfig]] = [
        Mpi3dConfig(name=name, description=part.summary, part=part)
        for name, part in CONFIGS.items()
    ]
    DEFAULT_BUILDER_CONFIG_NAME = DEFAULT_CONFIG

    @property
    def part(self) -> DatasetInfo:
        """What is known of the part that the configuration names."""
        part: DatasetInfo = self.builder_config.part
        return part
