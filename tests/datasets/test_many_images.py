"""A folder of many images takes little memory, and is decoded once."""

import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_qlae import datasets
from keras_qlae.datasets import folder_images
from tests.subprocesses import run_python

pytestmark = pytest.mark.backend_free

SCRIPT = """
import sys
from pathlib import Path
from keras_qlae import datasets

def memory(kind):
    lines = open("/proc/self/status").read().splitlines()
    (line,) = [line for line in lines if line.startswith(kind)]
    return int(line.split()[1]) * 1024

first = datasets.from_folder(sys.argv[1], image_size=8)  # what decoding imports
before = memory("VmRSS")
data = datasets.from_folder(sys.argv[1], image_size=256)
decoding = memory("VmHWM") - before

def batches(data):
    batches = data.as_tf_dataset(20, shuffle=True)
    for _ in range(2):  # a file is read, and once more by another iterator
        for images in batches:
            pass
    return memory("RssAnon")

before = batches(first)
print("RESULT", len(data) * 256 * 256 * 3, decoding, batches(data) - before)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Twelve images of different colours, one of them in a subfolder."""
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path / "data"))
    place = tmp_path / "images"
    write(place, 12)
    (place / "sub").mkdir()
    (place / "00003.png").rename(place / "sub" / "a.png")
    return place


def write(folder, number):
    folder.mkdir()
    for i in range(number):
        file = io.BytesIO()
        Image.new("RGB", (10, 6), (i % 256, 0, 7)).save(file, "PNG")
        (folder / f"{i:05d}.png").write_bytes(file.getvalue())


def kept(folder, monkeypatch, **options):
    """The data set as of a folder of too many images for the memory."""
    with monkeypatch.context() as patch:
        patch.setattr(folder_images, "IN_MEMORY", 0)
        return datasets.from_folder(folder, **options)


def reds(data):
    return data.images(range(len(data)))[:, 0, 0, 0].tolist()


def test_images_in_a_file_are_those_in_memory(folder, monkeypatch):
    for options in ({}, {"image_size": 8}, {"grey": True}):
        small = datasets.from_folder(folder, **options)
        large = kept(folder, monkeypatch, **options)
        everything = range(len(small))
        np.testing.assert_array_equal(
            large.images(everything), small.images(everything)
        )
        assert large.fingerprint() == small.fingerprint()
        (batch,) = large.as_tf_dataset(12, with_factors=False)
        np.testing.assert_array_equal(
            batch, small.images(everything) / np.float32(255)
        )
    copy = pickle.loads(pickle.dumps(large))
    assert len(pickle.dumps(large)) < 2000
    np.testing.assert_array_equal(copy.images([11]), large.images([11]))


def test_decoded_images_are_kept_until_a_file_changes(folder, monkeypatch):
    first = kept(folder, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(folder_images, "read_image", None)
        patch.setattr(folder_images.FolderImages, "shape", lambda _: (6, 10, 3))
        again = kept(folder, monkeypatch)
    assert again.fingerprint() == first.fingerprint()
    assert reds(again) == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 3]
    os.replace(folder / "00011.png", folder / "00000.png")
    changed = kept(folder, monkeypatch)
    assert reds(changed) == [11, 1, 2, 4, 5, 6, 7, 8, 9, 10, 3]
    assert changed.fingerprint() != first.fingerprint()


def test_a_damaged_file_is_made_again(folder, monkeypatch):
    path = kept(folder, monkeypatch)._path
    content = path.read_bytes()
    for damaged in (content[:-1], content[:-1] + b"\0", b""):
        path.write_bytes(damaged)
        assert reds(kept(folder, monkeypatch))[-1] == 3
        assert path.read_bytes() == content


def test_an_image_of_another_size_leaves_nothing(folder, monkeypatch):
    Image.new("RGB", (4, 4)).save(folder / "00007.png")
    with pytest.raises(
        ValueError, match=r"the same size.*00000\.png.*00007\.png"
    ):
        kept(folder, monkeypatch)
    files = Path(os.environ["KERAS_QLAE_DATA_DIR"]).rglob("*")
    assert {path.name for path in files if path.is_file()} <= {".lock"}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="Linux alone")
def test_memory_is_bounded(tmp_path):
    write(tmp_path / "images", 2000)
    output = run_python(
        SCRIPT,
        tmp_path / "images",
        backend="jax",
        KERAS_QLAE_DATA_DIR=str(tmp_path / "data"),
    )
    size, decoding, batches = map(int, output.rpartition("RESULT ")[2].split())
    assert size > 390_000_000
    assert decoding < 200_000_000  # blocks that are hashed, for the most part
    # Batches of 16 MB, some of them ahead. The file's pages are not counted:
    # the system takes them back when others need them.
    assert batches < 250_000_000
