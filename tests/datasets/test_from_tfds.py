"""Data that TensorFlow Datasets has prepared need no second download."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from keras_qlae import datasets
from keras_qlae.cli.main import main
from keras_qlae.datasets.published.tfds import tfds_folder
from keras_qlae.datasets.store import open_store
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


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    return tmp_path


def build(monkeypatch, data_dir, name):
    """Lets TensorFlow Datasets prepare a tiny file; removes the file.

    Returns:
        The data set's description, its images, and the folder.
    """
    import tensorflow_datasets as tfds

    info, images = fake(monkeypatch, data_dir, name)
    paths = raw_paths(info, data_dir)
    builder = tfds.builder(name, data_dir=data_dir / "tfds")
    monkeypatch.setattr(
        builder, "_split_generators", lambda _: splits_of(builder, paths)
    )
    builder.download_and_prepare()
    for path in paths:
        path.unlink()
    return info, images, Path(builder.data_path)


@pytest.mark.parametrize("name", ["shapes3d", "dsprites", "smallnorb"])
def test_images_are_put_in_index_order(name, data_dir, monkeypatch):
    info, images, _ = build(monkeypatch, data_dir, name)
    size = info.native_shape[0]
    with no_network(monkeypatch):
        datasets.prepare(name, image_size=size, show_progress=False)
    dataset = datasets.load(name, image_size=size)
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)


def cut_records(folder):
    for path in folder.glob("*record*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def lose_records(folder):
    for path in folder.glob("*record*"):
        path.unlink()


@pytest.mark.parametrize("damage", [cut_records, lose_records])
def test_a_damaged_copy_is_named(data_dir, monkeypatch, damage):
    _, _, folder = build(monkeypatch, data_dir, "dsprites")
    damage(folder)
    with pytest.raises(ValueError, match="TensorFlow Datasets has") as caught:
        datasets.prepare("dsprites", show_progress=False)
    message = str(caught.value)
    assert f"in {folder}" in message
    assert "delete that folder, or set TFDS_DATA_DIR to another" in message
    assert "\n" not in message
    assert not list(data_dir.glob("dsprites/*64x64*"))
    shutil.rmtree(folder)
    with (
        no_network(monkeypatch),
        pytest.raises(AssertionError, match="connection was tried"),
    ):
        datasets.prepare("dsprites", show_progress=False)


EVIL = """
import pathlib
pathlib.Path(__file__).with_name("ran").touch()
class Feature: ...
"""


def test_nothing_that_the_description_names_is_imported(data_dir, monkeypatch):
    _, images, folder = build(monkeypatch, data_dir, "shapes3d")
    (data_dir / "evil_features.py").write_text(EVIL)
    monkeypatch.syspath_prepend(data_dir)
    for name in ("features.json", "dataset_info.json"):
        (folder / name).write_text(
            json.dumps({"pythonClassName": "evil_features.Feature"})
        )
    datasets.prepare("shapes3d", show_progress=False)
    assert not (data_dir / "ran").exists()
    dataset = datasets.load("shapes3d")
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)


def test_the_newest_version_is_taken(data_dir):
    info = datasets.info("dsprites")
    assert tfds_folder(info) is None
    for version in ("9.0.0", "10.0.0", "2.10.1", "incomplete.11.0.0"):
        folder = data_dir / "tfds" / "dsprites" / version
        folder.mkdir(parents=True)
        (folder / "dataset_info.json").touch()
    assert tfds_folder(info).name == "10.0.0"


def test_a_copy_needs_no_download(data_dir):
    folder = data_dir / "tfds" / "dsprites" / "2.0.0"
    folder.mkdir(parents=True)
    store = open_store(datasets.info("dsprites"))
    with_download = store.needed_bytes
    (folder / "dataset_info.json").touch()
    (file,) = store.info.files
    assert with_download - store.needed_bytes == file.num_bytes
    output = CliRunner().invoke(main, ["datasets", "info", "dsprites"]).output
    assert f"from tfds {folder}, used instead of files" in output
    assert f"{store.raw(file)}, not needed" in output
    assert "to be downloaded" not in output
