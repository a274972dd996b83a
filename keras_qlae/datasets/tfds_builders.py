"""Builders for TensorFlow Datasets; importing this registers them."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import ClassVar

import numpy as np

# A builder cannot be defined without it; `register_with_tfds` imports this.
import tensorflow_datasets as tfds  # noqa: TID253

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.published.mpi3d import CONFIGS
from keras_qlae.datasets.published.mpi3d import DEFAULT_CONFIG
from keras_qlae.datasets.published.nvlabs import FALCOR3D
from keras_qlae.datasets.published.nvlabs import ISAAC3D


class FileBuilder(
    tfds.core.GeneratorBasedBuilder,
    skip_registration=True,  # type: ignore[call-arg]
):
    """Builds a data set that is published as one file, its `PART`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First version."}
    PART: ClassVar[DatasetInfo]

    @property
    def part(self) -> DatasetInfo:
        """What is known of the data set in this configuration."""
        return self.PART

    def _info(self) -> tfds.core.DatasetInfo:
        labels = {
            f"label_{name}": tfds.features.ClassLabel(num_classes=size)
            for name, size in self.part.factors.items()
        }
        image = tfds.features.Image(
            shape=self.part.native_shape, encoding_format="png"
        )
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.part.description,
            features=tfds.features.FeaturesDict({"image": image, **labels}),
            homepage=self.part.homepage,
            citation=self.part.citation,
            license=self.part.licence,
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        (file,) = self.part.files
        path = dl_manager.download(file.url)
        return {"train": self._generate_examples(path)}

    def _generate_examples(
        self, path: Path
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        sizes = tuple(self.part.factors.values())
        for positions, images in self.part.reader(self.part, [path], 0):
            factors = np.stack(np.unravel_index(positions, sizes), axis=1)
            for position, image, row in zip(
                positions.tolist(), images, factors.tolist(), strict=True
            ):
                labels = {
                    f"label_{name}": value
                    for name, value in zip(self.part.factors, row, strict=True)
                }
                yield position, {"image": image, **labels}


@dataclasses.dataclass(kw_only=True)
class Mpi3dConfig(tfds.core.BuilderConfig):
    """A part of MPI3D."""

    part: DatasetInfo


class Mpi3d(FileBuilder):
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


class Falcor3d(FileBuilder):
    """Falcor3D, at 128 x 128 pixels."""

    PART = FALCOR3D


class Isaac3d(FileBuilder):
    """Isaac3D, at 128 x 128 pixels."""

    PART = ISAAC3D
