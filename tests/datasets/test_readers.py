"""Tiny files of every real layout become data sets."""

import gzip
import tarfile
import zipfile

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.datasets.images import resize
from tests.datasets.fakes import TINY
from tests.datasets.fakes import WRITERS
from tests.datasets.fakes import fake
from tests.datasets.fakes import grid
from tests.datasets.fakes import no_network
from tests.datasets.fakes import raw_paths
from tests.datasets.fakes import write_png_zip

pytestmark = pytest.mark.backend_free

each = pytest.mark.parametrize("name", TINY)


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))
    return tmp_path


def prepare(name, **options):
    return datasets.prepare(name, show_progress=False, **options)


def test_every_data_set_has_a_fake():
    needed = {n for n in datasets.available() if datasets.info(n).files}
    assert needed == set(TINY) | {"mpi3d_toy", "mpi3d_realistic", "mpi3d_real"}
    assert set(WRITERS) == set(TINY)


@each
def test_images_and_factors_are_those_of_the_file(name, data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, name)
    size = info.native_shape[0]
    with no_network(monkeypatch):
        prepare(name, image_size=size)
    dataset = datasets.load(name, image_size=size)
    index = np.arange(24)
    assert len(dataset) == 24
    assert dataset.factor_names == tuple(info.factors)
    np.testing.assert_array_equal(dataset.factors(index), grid(info))
    np.testing.assert_array_equal(dataset.images(index), images)


@each
def test_by_default_images_have_64_pixels(name, data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, name)
    prepare(name)
    dataset = datasets.load(name)
    assert dataset.image_shape == info.image_shape
    wanted = resize(images, 64)
    np.testing.assert_array_equal(dataset.images(np.arange(24)), wanted)


@each
def test_damaged_files_are_refused(name, data_dir, monkeypatch):
    info, _ = fake(monkeypatch, data_dir, name)
    for path in raw_paths(info, data_dir)[:1]:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(ValueError, match=r"damaged.*get it again"):
        prepare(name)
    assert not list(data_dir.rglob("64x64"))


@each
def test_files_of_other_sizes_are_refused(name, data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, name)
    sizes = list(info.factors.values())
    sizes[sizes.index(3)] = 4
    fake_info = fake(monkeypatch, data_dir / "unused", name, sizes)[0]
    WRITERS[name](info, raw_paths(info, data_dir), images)
    with pytest.raises(ValueError, match=r"must hold .*Received: "):
        prepare(name)
    assert fake_info.num_values == 32
    assert not list(data_dir.rglob("64x64"))


def test_labels_may_have_any_unit_and_direction(data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, "falcor3d")
    labels = 7 - 0.3 * grid(info)
    write_png_zip(info, raw_paths(info, data_dir), images, labels=labels)
    prepare("falcor3d")


def test_files_that_macos_adds_to_a_zip_are_skipped(data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, "isaac3d")
    with zipfile.ZipFile(raw_paths(info, data_dir)[0], "a") as archive:
        for name in (
            "__MACOSX/Isaac3D_down128/._labels.npy",
            "__MACOSX/Isaac3D_down128/images/._000000.png",
            "Isaac3D_down128/images/._000001.png",
        ):
            archive.writestr(name, b"\x00\x05\x16\x07")
    prepare("isaac3d", image_size=128)
    dataset = datasets.load("isaac3d", image_size=128)
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)


def test_files_that_macos_adds_to_a_tar_are_skipped(data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, "cars3d")
    (path,) = raw_paths(info, data_dir)
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(content)
    with tarfile.open(path, "a") as archive:
        archive.addfile(tarfile.TarInfo("data/cars/._car_000_mesh.mat"))
    path.write_bytes(gzip.compress(path.read_bytes()))
    prepare("cars3d", image_size=128)
    dataset = datasets.load("cars3d", image_size=128)
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)


def test_labels_in_another_order_are_refused(data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, "isaac3d")
    labels = grid(info)[:, ::-1]
    write_png_zip(info, raw_paths(info, data_dir), images, labels=labels)
    with pytest.raises(ValueError, match=r"index order: its label number 0"):
        prepare("isaac3d")


def test_archives_without_the_files_are_refused(data_dir, monkeypatch):
    info, _ = fake(monkeypatch, data_dir, "falcor3d")
    with zipfile.ZipFile(raw_paths(info, data_dir)[0], "w") as archive:
        archive.writestr("readme", "")
    with pytest.raises(ValueError, match=r"one file of labels.*none among 1"):
        prepare("falcor3d")
    info, _ = fake(monkeypatch, data_dir, "cars3d")
    with tarfile.open(raw_paths(info, data_dir)[0], "w:gz"):
        pass
    with pytest.raises(ValueError, match=r"must hold 4 files.*Received: 0"):
        prepare("cars3d")


def test_hdf5_files_without_the_arrays_are_refused(data_dir, monkeypatch):
    import h5py

    info, _ = fake(monkeypatch, data_dir, "shapes3d")
    with h5py.File(raw_paths(info, data_dir)[0], "w") as file:
        file["pictures"] = [1]
    with pytest.raises(ValueError, match=r"array labels itself.*'pictures'"):
        prepare("shapes3d")


@pytest.mark.parametrize("name", ["shapes3d", "dsprites", "smallnorb"])
def test_facts_agree_with_tensorflow_datasets(name):
    import tensorflow_datasets as tfds

    builder = tfds.builder(name)
    info = datasets.info(name)
    known = builder.url_infos
    assert {file.url for file in info.files} == set(known)
    for file in info.files:
        assert file.sha256 == known[file.url].checksum
        assert file.num_bytes == known[file.url].size
    for label, size in zip(
        info.tfds_labels, info.factors.values(), strict=True
    ):
        assert builder.info.features[label].num_classes == size


def test_resizing_is_that_of_tensorflow():
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 48, 48, 3), np.uint8)
    images[0] = images[0] // 128 * 255  # overshoots, and so is clipped
    for size in (24, 36, 20):
        wanted = tf.image.resize(
            images, (size, size), method="bicubic", antialias=True
        )
        wanted = np.clip(wanted.numpy(), 0, 255)
        # Half a level is what rounding takes, and float32 adds a little.
        assert np.abs(resize(images, size) - wanted).max() < 0.5 + 1e-3
    assert resize(images, 48) is images


def test_labels_of_another_number_of_factors_are_refused(data_dir, monkeypatch):
    info, images = fake(monkeypatch, data_dir, "falcor3d")
    labels = grid(info)[:, 1:]
    write_png_zip(info, raw_paths(info, data_dir), images, labels=labels)
    with pytest.raises(ValueError, match=r"shape \(n, 7\).*\(24, 6\)"):
        prepare("falcor3d")
