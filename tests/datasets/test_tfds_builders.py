"""The builders, as TensorFlow Datasets tests its own."""

import dataclasses
import tempfile
from pathlib import Path

import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from keras_qlae.datasets import register_with_tfds  # noqa: E402
from keras_qlae.datasets import tfds_builders  # noqa: E402
from keras_qlae.datasets.published.mpi3d import CONFIGS  # noqa: E402
from tests.datasets.fakes import WRITERS  # noqa: E402
from tests.datasets.fakes import images_of  # noqa: E402

pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.filterwarnings("ignore"),  # those of TensorFlow Datasets
]


def small(info, sizes):
    return dataclasses.replace(
        info, factors=dict(zip(info.factors, sizes, strict=True))
    )


def tiny_file(case, info):
    """Puts a file of 8 images where the test case looks for it."""
    folder = case.enterClassContext(tempfile.TemporaryDirectory())
    case.EXAMPLE_DIR = folder
    case.DL_DOWNLOAD_RESULT = info.files[0].name
    path = Path(folder, info.files[0].name)
    WRITERS[info.name](info, [path], images_of((8, *info.native_shape)))


class Mpi3dTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = tfds_builders.Mpi3d
    PART = small(CONFIGS["real_complex"], (2, 1, 1, 1, 1, 2, 2))
    BUILDER_CONFIG_NAMES_TO_TEST = [  # noqa: RUF012
        tfds_builders.Mpi3dConfig(name="tiny", part=PART)
    ]
    SPLITS = {"train": 8}  # noqa: RUF012
    SKIP_CHECKSUMS = True

    @classmethod
    def setUpClass(cls):
        tiny_file(cls, cls.PART)
        super().setUpClass()


class Falcor3dTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = tfds_builders.Falcor3d
    SIZES = (2, 1, 2, 1, 1, 1, 2)
    SPLITS = {"train": 8}  # noqa: RUF012
    SKIP_CHECKSUMS = True

    @classmethod
    def setUpClass(cls):
        part = small(cls.DATASET_CLASS.PART, cls.SIZES)
        tiny_file(cls, part)
        cls.enterClassContext(pytest.MonkeyPatch.context()).setattr(
            cls.DATASET_CLASS, "PART", part
        )
        super().setUpClass()


class Isaac3dTest(Falcor3dTest):
    DATASET_CLASS = tfds_builders.Isaac3d
    SIZES = (2, 1, 1, 1, 2, 1, 1, 1, 2)


def test_tfds_load_knows_them():
    register_with_tfds()
    names = tfds.list_builders(with_community_datasets=False)
    assert {"mpi3d", "falcor3d", "isaac3d"} <= set(names)
    builder = tfds.builder("mpi3d/toy")
    assert builder.info.features["label_vertical_axis"].num_classes == 40
    assert tfds.builder("mpi3d").builder_config.name == "real_complex"
    assert "arm" in builder.info.description
    assert "Gondal" in builder.info.citation
