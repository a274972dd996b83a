"""Preparing on a disk that is full, or cannot be read or written."""

import dataclasses
import errno
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.datasets import registry
from keras_qlae.datasets.preparing import writer as writing
from keras_qlae.datasets.published import mpi3d
from keras_qlae.datasets.store import open_store
from tests.datasets.fakes import fake
from tests.datasets.fakes import nothing_looks_whole
from tests.datasets.fakes import raw_paths
from tests.datasets.fakes import stop_after

pytestmark = pytest.mark.backend_free


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    return tmp_path


def prepare():
    return datasets.prepare("mpi3d", show_progress=False)


def test_a_full_disk_in_the_middle(data_dir, monkeypatch):
    fake(monkeypatch, data_dir, "mpi3d")
    monkeypatch.setattr(mpi3d, "BLOCK", 5)
    with monkeypatch.context() as patch:
        stop_after(patch, 2, OSError(errno.ENOSPC, "No space left on device"))
        with pytest.raises(
            OSError, match=r"No space left.*kept.*prepare mpi3d"
        ) as caught:
            prepare()
    assert caught.value.errno == errno.ENOSPC
    assert nothing_looks_whole(data_dir)
    prepare()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone")
def test_a_disk_that_is_really_full(data_dir, monkeypatch):
    fake(monkeypatch, data_dir, "mpi3d")
    full = open("/dev/full", "wb")  # noqa: SIM115
    monkeypatch.setattr(writing, "open_own", lambda *_, **__: full)
    with pytest.raises(OSError, match=r"No space left.*once there is room: it"):
        prepare()
    assert nothing_looks_whole(data_dir)


def test_other_errors_of_writing_do_not_speak_of_room(data_dir, monkeypatch):
    fake(monkeypatch, data_dir, "mpi3d")
    stop_after(monkeypatch, 0, PermissionError(errno.EACCES, "Not allowed"))
    with pytest.raises(PermissionError, match=r"Not allowed.*kept") as caught:
        prepare()
    assert "room" not in str(caught.value)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_file_that_cannot_be_read_now_is_gone_on_with(
    data_dir, monkeypatch, number
):
    info, images = fake(monkeypatch, data_dir, "mpi3d")
    monkeypatch.setattr(mpi3d, "BLOCK", 5)
    monkeypatch.setattr(writing, "CHECKPOINT_BYTES", 1)
    ordered = mpi3d.ordered

    def failing(images, start):
        if start == 15:
            raise OSError(number, os.strerror(number))
        return ordered(images, start)

    with monkeypatch.context() as patch:
        patch.setattr(mpi3d, "ordered", failing)
        path = raw_paths(info, data_dir)[0]
        message = f"Cannot read {path}: {os.strerror(number)}.*prepare mpi3d"
        with pytest.raises(OSError, match=message) as caught:
            prepare()
    assert caught.value.errno == number
    calls = stop_after(monkeypatch, 99, None)
    prepare()
    assert calls == [15, 20]
    dataset = datasets.load("mpi3d")
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)


def test_a_hash_that_cannot_be_read_now_is_no_damage(data_dir, monkeypatch):
    info, _ = fake(monkeypatch, data_dir, "mpi3d")
    file = dataclasses.replace(info.files[0], sha256="0" * 64)
    monkeypatch.setitem(
        registry._INFOS, "mpi3d", dataclasses.replace(info, files=(file,))
    )
    path = raw_paths(info, data_dir)[0]
    path.unlink()
    path.mkdir()  # opening it fails for the superuser too
    with pytest.raises(OSError, match=f"Cannot read {path}: Is a directory"):
        prepare()


@pytest.mark.parametrize("has_holes", [True, False])
def test_a_sparse_file_takes_no_space(data_dir, monkeypatch, has_holes):
    info, _ = fake(monkeypatch, data_dir, "mpi3d")
    store = open_store(info, data_dir)
    store.partial.mkdir()
    path = store.partial / "images.npy"
    if has_holes:
        with path.open("wb") as file:
            file.truncate(200_000)
        assert store.needed_bytes > store.prepared_bytes - 10_000
    else:
        path.write_bytes(b"x" * 200_000)
        assert store.needed_bytes == store.prepared_bytes - 200_000


def test_a_disk_that_is_too_small_is_refused_first(data_dir, monkeypatch):
    monkeypatch.setattr(
        "shutil.disk_usage", lambda path: SimpleNamespace(free=2_000_000_000)
    )
    with pytest.raises(OSError, match=r"needs 11\.3 GB more.*has 2\.0 GB"):
        prepare()
