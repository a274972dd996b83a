"""What TensorFlow Datasets has prepared before needs no second download."""

import gzip

import numpy as np
import pytest

from keras_qlae import datasets
from tests.datasets.fakes import fake
from tests.datasets.fakes import no_network
from tests.datasets.fakes import raw_paths

pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.filterwarnings("ignore"),  # those of TensorFlow Datasets
]


def splits_of(builder, paths):
    """The examples that the builder makes of tiny files."""
    if len(paths) == 1:
        return {"train": builder._generate_examples(paths[0])}
    for path in paths:  # a builder gets them unpacked
        path.write_bytes(gzip.decompress(path.read_bytes()))
    return {
        "train": builder._generate_examples("train_", *paths[:3]),
        "test": builder._generate_examples("test_", *paths[3:]),
    }


@pytest.mark.parametrize("name", ["shapes3d", "dsprites", "smallnorb"])
def test_images_are_put_in_index_order(name, tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    info, images = fake(monkeypatch, tmp_path, name)
    paths = raw_paths(info, tmp_path)
    builder = tfds.builder(name, data_dir=tmp_path / "tfds")
    monkeypatch.setattr(
        builder, "_split_generators", lambda _: splits_of(builder, paths)
    )
    builder.download_and_prepare()
    for path in paths:
        path.unlink()
    size = info.native_shape[0]
    with no_network(monkeypatch):
        datasets.prepare(name, image_size=size, show_progress=False)
    dataset = datasets.load(name, image_size=size)
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)
