"""Data sets of `.npz` files, which may come from a stranger."""

import io
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.datasets import checks
from keras_qlae.datasets import npz_dataset

pytestmark = pytest.mark.backend_free


def arrays(num_images=20, size=8):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num_images, size, size, 3), np.uint8)
    return images, rng.integers(0, 3, (num_images, 2))


@pytest.fixture
def path(tmp_path):
    images, factors = arrays()
    path = tmp_path / "mine.npz"
    names = ["color", "size"]
    np.savez(path, images=images, factors=factors, factor_names=names)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back(save, tmp_path, monkeypatch):
    monkeypatch.setattr(npz_dataset, "_BLOCK", 7 * 8 * 8 * 3)
    images, factors = arrays(20)
    save(tmp_path / "mine.npz", images=images, factors=factors, other=[1])
    data = datasets.from_npz(tmp_path / "mine.npz")
    index = np.arange(len(images))
    np.testing.assert_array_equal(data.images(index), images)
    np.testing.assert_array_equal(data.factors(index), factors)
    assert data.name == "mine"
    assert data.factor_names == ("factor_0", "factor_1")


def test_a_path_is_a_name(path):
    data = datasets.load(str(path), image_size=16)
    assert data.image_shape == (16, 16, 3)
    assert data.factor_names == ("color", "size")
    resized = datasets.load(str(path)).images([3])
    assert resized.shape == (1, 8, 8, 3)


def test_floats_and_no_factors(tmp_path):
    images = np.linspace(0, 1, 2 * 8 * 8, dtype="float32").reshape(2, 8, 8, 1)
    np.savez(tmp_path / "grey.npz", images=images)
    data = datasets.from_npz(tmp_path / "grey.npz")
    assert not data.has_factors
    expected = datasets.from_arrays(images).images([0, 1])
    np.testing.assert_array_equal(data.images([0, 1]), expected)


def test_factors_of_a_table_are_kept_by_columns(tmp_path):
    images, factors = arrays()
    factors = np.asfortranarray(factors)  # as pandas keeps them
    np.savez(tmp_path / "mine.npz", images=images, factors=factors)
    data = datasets.from_npz(tmp_path / "mine.npz")
    np.testing.assert_array_equal(data.factors(np.arange(20)), factors)


def test_the_fingerprint_is_that_of_the_arrays(path, tmp_path):
    images, factors = arrays()
    names = ["color", "size"]
    again = {"images": images, "factors": factors, "factor_names": names}
    np.savez_compressed(tmp_path / "again.npz", **again)
    whole = datasets.from_npz(path).fingerprint()
    assert datasets.from_npz(tmp_path / "again.npz").fingerprint() == whole
    images[7, 1, 1, 1] ^= 1
    np.savez(tmp_path / "again.npz", **again)
    assert datasets.from_npz(tmp_path / "again.npz").fingerprint() != whole


def refused(path, message, memory=10_000_000):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message):
            datasets.from_npz(path)
        assert tracemalloc.get_traced_memory()[1] < memory
    finally:
        tracemalloc.stop()


IMAGES, FACTORS = arrays()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x_train": IMAGES}, r"one array `images`.*Received: arrays 'x_tr"),
        ({"images": IMAGES[..., 0]}, r"channel axis.*shape \(20, 8, 8\)"),
        ({"images": IMAGES.astype("int64")}, "must be uint8, or float.*int64"),
        ({"images": IMAGES / 2.0}, r"must lie in \[0, 1\]: divide by 255"),
        ({"images": np.asfortranarray(IMAGES)}, "ascontiguousarray"),
        ({"images": IMAGES[:0]}, "no axis of length 0"),
        ({"images": IMAGES, "factors": FACTORS[:7]}, "20 images, 7 rows"),
        ({"images": IMAGES, "factors": FACTORS / 2}, "must be integers"),
        ({"images": IMAGES, "factors": ["a"] * 20}, "must hold integers"),
        (
            {"images": IMAGES, "factors": FACTORS, "factor_names": [1, 2]},
            "a list of texts",
        ),
        (
            {"images": IMAGES, "factors": FACTORS, "factor_names": ["a"]},
            "2 different names",
        ),
    ],
)
def test_other_arrays_are_refused(content, message, tmp_path):
    np.savez(tmp_path / "mine.npz", **content)
    refused(tmp_path / "mine.npz", message)


class Bomb:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_nothing_is_unpickled(tmp_path):
    trace = tmp_path / "trace"
    bombs = np.array([Bomb(trace)], object)
    np.savez(tmp_path / "mine.npz", images=bombs)
    refused(tmp_path / "mine.npz", "unpickling may run code")
    (tmp_path / "bare.npz").write_bytes(pickle.dumps(Bomb(trace)))
    refused(tmp_path / "bare.npz", r"not an \.npz file, or it is damaged")
    assert not trace.exists()


def header(shape, dtype="|u1"):
    content = io.BytesIO()
    fields = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, fields)
    return content.getvalue()


def archive_of(path, content):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", content)


def test_sizes_are_compared_before_memory_is_taken(tmp_path, monkeypatch):
    path = tmp_path / "mine.npz"
    archive_of(path, header((10**6, 1000, 1000, 3)) + b"\0" * 100)
    refused(path, r"damaged: it has 228 bytes, and 3,000,000,000,000 are")
    archive_of(path, header((1, 1000, 1000, 3)) + bytes(3 * 10**6))
    assert path.stat().st_size < 10**4  # it packs well
    monkeypatch.setattr(checks.os, "sysconf", lambda _: 1000)
    refused(path, "of memory, and this machine has")


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty"])
def test_damage_is_noticed(path, damage):
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[1000] ^= 1
    else:
        content = b"hello" if damage == "text" else b""
    path.write_bytes(content)
    refused(path, r"not an \.npz file, or it is damaged")


def test_missing_or_not_a_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        datasets.from_npz(tmp_path / "none.npz")
    with pytest.raises(ValueError, match="There is no file"):
        datasets.load(str(tmp_path / "none.npz"))
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(IsADirectoryError):
        datasets.from_npz(tmp_path / "folder.npz")


def test_a_name_that_is_nearly_right_is_offered():
    with pytest.raises(ValueError, match=r"Did you mean 'sprites2d' or"):
        datasets.load("sprite2d")
