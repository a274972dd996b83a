"""Different or changed data sets have different fingerprints."""

import os
import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_qlae import datasets
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets import from_arrays
from tests.datasets.fakes import fake

pytestmark = pytest.mark.backend_free

IMAGES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4, 1)
FACTORS = np.arange(6)[:, None]


class Drawn(FactorDataset):
    """A user's data set, without a faster way to hash it."""

    def __init__(self, level):
        super().__init__("drawn", ["place"], [5000], (2, 2, 1))
        self.level = level
        self.num_drawn = 0

    def __len__(self):
        return 5000

    def _factors(self, index):
        return index[:, None].astype(np.int32)

    def _images(self, index):
        self.num_drawn += len(index)
        return np.full((len(index), 2, 2, 1), self.level, np.uint8)

    def _image_op(self):
        raise NotImplementedError


def test_fixed_for_all_time():
    # Runs keep them: a change would refuse every run made before.
    prints = {
        "room3d": datasets.load("room3d").fingerprint(),
        "sprites2d": datasets.load("sprites2d").fingerprint(),
        "arrays": from_arrays(IMAGES, FACTORS).fingerprint(),
    }
    assert prints == {
        "room3d": "760762d41ede7480",
        "sprites2d": "09d366df86098fbf",
        "arrays": "b6159533106c83bc",
    }


def test_arrays():
    whole = from_arrays(IMAGES, FACTORS)
    assert whole.fingerprint() == from_arrays(IMAGES, FACTORS).fingerprint()
    changed = IMAGES.copy()
    changed[5, 3, 3] += 1
    others = [
        from_arrays(changed, FACTORS),
        from_arrays(IMAGES, FACTORS[::-1]),
        from_arrays(IMAGES, FACTORS, ["size"]),
        from_arrays(IMAGES),
        from_arrays(IMAGES[:5], FACTORS[:5]),
        whole.subset(range(5)),
        whole.subset(range(6)),
        datasets.load("room3d", image_size=32),
        datasets.load("room3d"),
    ]
    prints = [dataset.fingerprint() for dataset in [whole, *others]]
    assert len(set(prints)) == len(prints)
    named = from_arrays(IMAGES, FACTORS, name="other")
    assert named.fingerprint() == whole.fingerprint()


def test_parts_of_a_split():
    dataset = datasets.load("room3d", image_size=8)
    train, scored = dataset.split(seed=1)
    again = pickle.loads(pickle.dumps(dataset.split(seed=1)[1]))
    assert scored.fingerprint() == again.fingerprint()
    assert scored.fingerprint() != train.fingerprint()
    assert scored.fingerprint() != dataset.split(seed=2)[1].fingerprint()


def test_one_of_ones_own_is_sampled_once():
    dataset = Drawn(3)
    assert dataset.fingerprint() == Drawn(3).fingerprint()
    assert dataset.fingerprint() != Drawn(4).fingerprint()
    assert dataset.num_drawn == 1000


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    for name, level in (("a.png", 1), ("b.png", 2), ("sub/c.png", 3)):
        Image.new("RGB", (4, 4), (level, 0, 0)).save(folder / name)
    (folder / "factors.csv").write_text(
        "file,size\na.png,1\nb.png,2\nsub/c.png,1\n"
    )
    return folder


CHANGES = {
    "another picture": lambda folder: Image.new("RGB", (4, 4)).save(
        folder / "b.png"
    ),
    "another name": lambda folder: (folder / "b.png").rename(folder / "d.png"),
    "one less": lambda folder: (folder / "b.png").unlink(),
    "another in its place": lambda folder: os.replace(
        folder / "a.png", folder / "b.png"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_that_changes(folder, change):
    (folder / "factors.csv").unlink()
    before = datasets.load(str(folder)).fingerprint()
    CHANGES[change](folder)
    assert datasets.load(str(folder)).fingerprint() != before


def test_a_folder_that_is_the_same(folder):
    before = datasets.load(str(folder)).fingerprint()
    moved = folder.with_name("moved")
    shutil.copytree(folder, moved)
    os.utime(moved / "a.png", (0, 0))
    (moved / "notes.txt").write_text("no image")
    assert datasets.load(str(moved)).fingerprint() == before
    table = moved / "factors.csv"
    table.write_text(table.read_text().replace("c.png,1", "c.png,2"))
    assert datasets.load(str(moved)).fingerprint() != before


def test_a_prepared_store(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    fake(monkeypatch, tmp_path, "mpi3d")
    datasets.prepare("mpi3d", show_progress=False)
    before = datasets.load("mpi3d").fingerprint()
    moved = tmp_path / "moved"
    shutil.copytree(tmp_path / "mpi3d", moved / "mpi3d")
    moved_set = datasets.load("mpi3d", data_dir=moved)
    assert moved_set.fingerprint() == before
    datasets.prepare("mpi3d", image_size=32, show_progress=False)
    small = datasets.load("mpi3d", image_size=32)
    assert small.fingerprint() != before
