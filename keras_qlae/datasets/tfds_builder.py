"""What the builders for TensorFlow Datasets share."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import ClassVar

import numpy as np

# A builder cannot be defined without it; only builders import this module.
import tensorflow_datasets as tfds  # noqa: TID253

from keras_qlae.datasets.dataset_info import DatasetInfo


class FileBuilder(
    tfds.core.GeneratorBasedBuilder,
    skip_registration=True,  # type: ignore[call-arg]
):
    """Builds a data set that is published as one file.

    Attributes:
        PART: What is known of it.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First version."}
    PART: ClassVar[DatasetInfo]

    @property
    def part(self) -> DatasetInfo:
        """What is known of the data set in this configuration."""
        return self.PART

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=features(self.part), homepage=self.part.homepage
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        (file,) = self.part.files
        path = dl_manager.download(file.url)
        return {"train": self._generate_examples(path)}

    def _generate_examples(
        self, path: Path
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        module, _, attribute = self.part.reader.partition(":")
        reader = getattr(importlib.import_module(module), attribute)
        sizes = tuple(self.part.factors.values())
        for positions, images in reader(self.part, [path], 0):
            factors = np.stack(np.unravel_index(positions, sizes), axis=1)
            for position, image, row in zip(
                positions.tolist(), images, factors.tolist(), strict=True
            ):
                labels = {
                    f"label_{name}": value
                    for name, value in zip(self.part.factors, row, strict=True)
                }
                yield position, {"image": image, **labels}


def features(info: DatasetInfo) -> tfds.features.FeaturesDict:
    """The features of a data set: an image and the number of each value."""
    labels = {
        f"label_{name}": tfds.features.ClassLabel(num_classes=size)
        for name, size in info.factors.items()
    }
    image = tfds.features.Image(shape=info.native_shape, encoding_format="png")
    return tfds.features.FeaturesDict({"image": image, **labels})
