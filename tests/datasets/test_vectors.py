"""Data sets of vectors and of sequences, of arrays and of files."""

import zipfile

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.datasets import checks
from keras_qlae.datasets import npz_dataset
from keras_qlae.datasets.moments import moments_of
from tests.datasets.test_from_npz import Bomb
from tests.datasets.test_from_npz import header
from tests.datasets.test_from_npz import refused

pytestmark = pytest.mark.backend_free

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(100, 20, (40, 5)).astype("float32")
FACTORS = RNG.integers(0, 3, (40, 2))
SEQUENCES = VECTORS.reshape(40, 5, 1)


@pytest.mark.parametrize("vectors", [VECTORS, SEQUENCES], ids=["n,d", "n,t,d"])
def test_vectors_stay_as_they_are(vectors):
    data = datasets.from_arrays(vectors, FACTORS)
    assert data.image_shape == vectors.shape[1:]
    assert not data.has_images
    assert "40 vectors of" in repr(data)
    np.testing.assert_array_equal(data.images([3, 1]), vectors[[3, 1]])
    first, factors = next(iter(data.subset([7, 2]).as_tf_dataset(2)))
    assert first.dtype == "float32"
    np.testing.assert_array_equal(first, vectors[[7, 2]])
    np.testing.assert_array_equal(factors, FACTORS[[7, 2]])


def test_other_floats_become_float32():
    for dtype in ("float16", "float64", ">f4"):
        images = datasets.from_arrays(VECTORS.astype(dtype)).images([0])
        assert images.dtype == np.float32
        np.testing.assert_allclose(images, VECTORS[:1], rtol=1e-3)


def changed(value, row=30):
    vectors = VECTORS.astype("float64")
    vectors[row, 2] = value
    return vectors


WRONG = {
    "one axis": (VECTORS[:, 0], "Vectors must be float, of shape"),
    "no rows": (VECTORS[:0], "no axis of length 0"),
    "no columns": (VECTORS[:, :0], r"vectors\[:, None\]"),
    "integers": (VECTORS.astype("int32"), "must be float: convert with"),
    "complex": (VECTORS.astype("complex64"), "must be float"),
    "grey images": (SEQUENCES.astype("uint8"), "Grey images need a channel"),
    "NaN": (changed(np.nan), "NaN or infinity in row 30"),
    "infinity": (changed(-np.inf, 2), "NaN or infinity in row 2$"),
    "more than float32 holds": (changed(1e39), "finite as float32.*row 30"),
}


@pytest.mark.parametrize("name", WRONG)
def test_arrays_other_than_vectors_are_refused(name):
    vectors, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        datasets.from_arrays(vectors)


def test_another_number_of_factors_is_refused():
    with pytest.raises(ValueError, match="40 images, 39 rows"):
        datasets.from_arrays(VECTORS, FACTORS[1:])


@pytest.mark.parametrize("vectors", [VECTORS, SEQUENCES], ids=["n,d", "n,t,d"])
def test_arrays_of_a_file_come_back(vectors, tmp_path, monkeypatch):
    monkeypatch.setattr(npz_dataset, "_BLOCK", 7 * 5 * 4)
    path = tmp_path / "mine.npz"
    names = ["a", "b"]
    np.savez(path, vectors=vectors, factors=FACTORS, factor_names=names)
    data = datasets.load(str(path), image_size=64)  # as a run loads it
    np.testing.assert_array_equal(data.images(range(40)), vectors)
    np.testing.assert_array_equal(data.factors(range(40)), FACTORS)
    assert data.factor_names == ("a", "b")
    fingerprint = data.fingerprint()
    changed = vectors.copy()
    changed[3] += 1
    np.savez(path, vectors=changed, factors=FACTORS, factor_names=names)
    assert datasets.from_npz(path).fingerprint() != fingerprint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"vectors": VECTORS, "images": VECTORS}, "holds both"),
        ({"embeddings": VECTORS}, "`vectors` in place of images.*'embeddings'"),
        ({"images": VECTORS}, "must have shape .n, height, width, channels"),
        ({"vectors": np.zeros((9, 4, 4, 3))}, r"or \(n, length, width\)"),
        ({"vectors": VECTORS.astype(int)}, "`vectors` in .*must be float"),
        ({"vectors": np.array(["a", "b"])}, "vectors"),
        ({"vectors": np.asfortranarray(VECTORS)}, "ascontiguousarray"),
        ({"vectors": changed(np.nan)}, "NaN or infinity in row 30"),
        ({"vectors": VECTORS, "factors": FACTORS[1:]}, "40 images, 39 rows"),
    ],
)
def test_other_files_are_refused(content, message, tmp_path):
    np.savez(tmp_path / "mine.npz", **content)
    refused(tmp_path / "mine.npz", message)


def test_files_of_a_stranger(tmp_path, monkeypatch):
    path, trace = tmp_path / "mine.npz", tmp_path / "trace"
    np.savez(path, vectors=np.array([Bomb(trace)], object))
    refused(path, "unpickling may run code")
    assert not trace.exists()

    def archive_of(content):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("vectors.npy", content)

    archive_of(header((10**12, 10**3), "<f4") + b"\0" * 100)
    refused(path, r"damaged: it has 228 bytes, and 4,000,000,000,000,000 are")
    archive_of(header((10**6, 10), "<f2") + bytes(10**7))
    refused(path, "damaged")
    archive_of(header((10**5, 10), "<f4") + bytes(4 * 10**6))
    monkeypatch.setattr(checks.os, "sysconf", lambda _: 1000)
    refused(path, "of memory, and this machine has")


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damage_is_noticed(tmp_path, damage):
    path = tmp_path / "mine.npz"
    np.savez(path, vectors=np.ones((400, 5), "float32"))
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content[:2000] if damage == "cut" else content)
    refused(path, r"not an \.npz file, or it is damaged")


def test_moments_are_those_of_numpy(monkeypatch):
    monkeypatch.setattr("keras_qlae.datasets.moments._PART", 7)
    vectors = VECTORS * [1, 1e-9, 1e9, 1, 1]
    vectors[:, 3] = 0.1  # rounding must not look like a spread
    sizes = datasets.from_arrays(vectors.astype("float32"))
    mean, scale = moments_of(sizes)
    kept = sizes.images(range(40)).astype("float64")
    np.testing.assert_allclose(mean, kept.mean(axis=0))
    expected = kept.std(axis=0)
    expected[3] = 1
    np.testing.assert_allclose(scale, expected)


def test_moments_of_sequences_are_of_all_places():
    data = datasets.from_arrays(VECTORS.reshape(8, 5, 5))
    mean, scale = moments_of(data)
    np.testing.assert_allclose(mean, VECTORS.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scale, VECTORS.std(axis=0), rtol=1e-5)


def test_images_have_no_moments():
    images = np.zeros((2, 8, 8, 1), "uint8")
    assert moments_of(datasets.from_arrays(images)) is None
