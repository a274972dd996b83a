"""The builders, as TensorFlow Datasets tests its own."""

import dataclasses

import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from keras_qlae.datasets import register_with_tfds  # noqa: E402
from keras_qlae.datasets.falcor3d import falcor3d_dataset_builder  # noqa: E402
from keras_qlae.datasets.isaac3d import isaac3d_dataset_builder  # noqa: E402
from keras_qlae.datasets.mpi3d import mpi3d_dataset_builder  # noqa: E402
from keras_qlae.datasets.mpi3d.info import CONFIGS  # noqa: E402

pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.filterwarnings("ignore"),  # those of TensorFlow Datasets
]


def small(info, sizes):
    return dataclasses.replace(
        info, factors=dict(zip(info.factors, sizes, strict=True))
    )


class Mpi3dTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = mpi3d_dataset_builder.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = [  # noqa: RUF012
        mpi3d_dataset_builder.Mpi3dConfig(
            name="tiny",
            part=small(CONFIGS["real_complex"], (2, 1, 1, 1, 1, 2, 2)),
        )
    ]
    SPLITS = {"train": 8}  # noqa: RUF012
    DL_DOWNLOAD_RESULT = "real3d_complicated_shapes_ordered.npz"
    SKIP_CHECKSUMS = True


class Falcor3dTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = falcor3d_dataset_builder.Builder
    SPLITS = {"train": 8}  # noqa: RUF012
    DL_DOWNLOAD_RESULT = "Falcor3D_down128.zip"
    SKIP_CHECKSUMS = True

    def setUp(self):
        part = small(self.DATASET_CLASS.PART, (2, 1, 1, 1, 2, 1, 2))
        self.enter_context(pytest.MonkeyPatch.context()).setattr(
            self.DATASET_CLASS, "PART", part
        )
        super().setUp()


class Isaac3dTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = isaac3d_dataset_builder.Builder
    SPLITS = {"train": 8}  # noqa: RUF012
    DL_DOWNLOAD_RESULT = "Isaac3D_down128.zip"
    SKIP_CHECKSUMS = True

    def setUp(self):
        part = small(self.DATASET_CLASS.PART, (2, 1, 1, 1, 2, 1, 1, 1, 2))
        self.enter_context(pytest.MonkeyPatch.context()).setattr(
            self.DATASET_CLASS, "PART", part
        )
        super().setUp()


def test_tfds_load_knows_them():
    register_with_tfds()
    names = tfds.list_builders(with_community_datasets=False)
    assert {"mpi3d", "falcor3d", "isaac3d"} <= set(names)
    builder = tfds.builder("mpi3d/toy")
    assert builder.info.features["label_vertical_axis"].num_classes == 40
    assert tfds.builder("mpi3d").builder_config.name == "real_complex"
    assert "arm" in builder.info.description
    assert "Gondal" in builder.info.citation
