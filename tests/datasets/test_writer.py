"""Writing images to disk: a kill leaves no file that looks complete."""

import dataclasses

import numpy as np
import pytest

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.prepared import load_prepared
from keras_qlae.datasets.preparing import writer as writing
from keras_qlae.datasets.published.mpi3d import CONFIGS
from keras_qlae.datasets.store import IMAGES
from keras_qlae.datasets.store import open_store

pytestmark = pytest.mark.backend_free

INFO = dataclasses.replace(
    CONFIGS["toy"], factors={"value": 10}, native_shape=(8, 8, 3)
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "CHECKPOINT_BYTES", 1)  # after every block
    return open_store(INFO, tmp_path, 8)


def block(value, start, stop):
    images = np.full((stop - start, 8, 8, 3), value, np.uint8)
    return Block(np.arange(start, stop), images)


def begin(store, origin, value, num_images, in_order=True):
    """Writes the first images and stops, as a killed process does."""
    with writing.ImageWriter(store, {"file": origin}, in_order) as writer:
        writer.write(block(value, 0, num_images))


def finish(store, origin, value):
    with writing.ImageWriter(store, {"file": origin}, True) as writer:
        start = writer.done
        writer.write(block(value, start, 10))
        writer.finish()
    return start


def values(tmp_path):
    return load_prepared(INFO, 8, tmp_path).images(range(10))[:, 0, 0, 0]


def test_resumes_from_its_state(store, tmp_path):
    begin(store, "a", 7, 8)
    assert finish(store, "a", 3) == 8
    assert values(tmp_path).tolist() == [7] * 8 + [3] * 2


@pytest.mark.parametrize("in_order", [True, False])
def test_another_origin_in_between_is_not_gone_on_over(
    store, tmp_path, in_order
):
    begin(store, "a", 7, 8)
    begin(store, "b", 9, 1, in_order)
    assert finish(store, "a", 7) == 0
    assert values(tmp_path).tolist() == [7] * 10


@pytest.mark.parametrize("damage", ["missing", "short"])
def test_images_that_are_gone_are_written_again(store, tmp_path, damage):
    begin(store, "a", 9, 8)
    path = store.partial / IMAGES
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    assert finish(store, "a", 7) == 0
    assert values(tmp_path).tolist() == [7] * 10
