"""From published files to a data set on the disk: MPI3D, for all."""

import dataclasses
import hashlib
import json
import os
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.datasets import hashing
from keras_qlae.datasets import registry
from keras_qlae.datasets import store as store_module
from keras_qlae.datasets.preparing import writer as writing
from keras_qlae.datasets.published import mpi3d
from keras_qlae.datasets.store import open_store
from tests.datasets.fakes import fake
from tests.datasets.fakes import no_network
from tests.datasets.fakes import nothing_looks_whole
from tests.datasets.fakes import raw_paths
from tests.datasets.fakes import stop_after
from tests.subprocesses import ROOT

pytestmark = pytest.mark.backend_free


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    return tmp_path


def fake_mpi3d(monkeypatch, data_dir, name="mpi3d"):
    return fake(monkeypatch, data_dir, name)


def prepare(name="mpi3d", **options):
    return datasets.prepare(name, show_progress=False, **options)


def test_a_prepared_data_set_is_the_published_one(data_dir, monkeypatch):
    info, images = fake_mpi3d(monkeypatch, data_dir)
    assert prepare() == data_dir / "mpi3d" / "64x64"
    dataset = datasets.load("mpi3d")
    index = np.array([23, 0, 7, 7])
    np.testing.assert_array_equal(dataset.images(index), images[index])
    assert dataset.factor_names == tuple(info.factors)
    assert dataset.factors([23]).tolist() == [[1, 0, 0, 0, 1, 2, 1]]
    again = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(again.images(index), images[index])
    assert len(pickle.dumps(dataset)) < 2000  # the path, not the images
    ((batch, factors),) = dataset.as_tf_dataset(24)
    np.testing.assert_array_equal(batch, images.astype("float32") / 255)
    np.testing.assert_array_equal(factors, dataset.factors(np.arange(24)))


def test_images_are_resized_when_prepared(data_dir, monkeypatch):
    fake_mpi3d(monkeypatch, data_dir)
    prepare(image_size=16)
    assert datasets.load("mpi3d", image_size=16).image_shape == (16, 16, 3)
    with pytest.raises(FileNotFoundError, match="not prepared at 64x64"):
        datasets.load("mpi3d")


def test_loading_explains_how_to_prepare():
    with pytest.raises(
        FileNotFoundError,
        match=r"`keras-qlae datasets prepare mpi3d` first: it needs 11\.3 GB",
    ):
        datasets.load("mpi3d")


def test_an_embedded_data_set_needs_no_preparing():
    with pytest.raises(ValueError, match="`room3d` is embedded"):
        prepare("room3d")


def test_for_an_unwritable_home_an_error_names_the_variable(monkeypatch):
    monkeypatch.delenv("KERAS_QLAE_DATA_DIR", raising=False)
    monkeypatch.setenv("HOME", os.devnull)
    with pytest.raises(OSError, match=r"Cannot write.*KERAS_QLAE_DATA_DIR"):
        datasets.prepare("mpi3d_toy")


@pytest.mark.parametrize("size", [7, 65])
def test_sizes_out_of_range_are_refused(size):
    with pytest.raises(ValueError, match=f"image_size={size}"):
        prepare(image_size=size)


def test_prepared_images_are_not_changed(data_dir, monkeypatch):
    info, _ = fake_mpi3d(monkeypatch, data_dir)
    prepare()
    raw_paths(info, data_dir)[0].unlink()
    prepare()


def test_other_numbers_of_images_are_refused(data_dir, monkeypatch):
    fake_mpi3d(monkeypatch, data_dir)
    fake_mpi3d(monkeypatch, data_dir, name="mpi3d_toy")
    toy = raw_paths(datasets.info("mpi3d_toy"), data_dir)[0]
    with np.load(toy) as archive:
        images = archive["images"]
    np.savez(raw_paths(datasets.info("mpi3d"), data_dir)[0], images=images[1:])
    with pytest.raises(ValueError, match=r"must hold 24 images.*23 images"):
        prepare()
    assert nothing_looks_whole(data_dir)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": np.zeros((24, 64, 64, 3), np.uint8)}, "array `images`"),
        ({"images": np.zeros((24, 64, 64, 3))}, "uint8.*float64"),
        ({"images": np.zeros((24, 64, 32, 3), np.uint8)}, "64, 64, 3"),
    ],
)
def test_other_arrays_are_refused(data_dir, monkeypatch, arrays, message):
    info, _ = fake_mpi3d(monkeypatch, data_dir)
    np.savez(raw_paths(info, data_dir)[0], **arrays)
    with pytest.raises(ValueError, match=message):
        prepare()
    assert nothing_looks_whole(data_dir)


def test_factors_may_be_axes_of_the_array(data_dir, monkeypatch):
    info, images = fake_mpi3d(monkeypatch, data_dir)
    shape = (*info.factors.values(), *info.native_shape)
    path = raw_paths(info, data_dir)[0]
    np.savez_compressed(path, images=images.reshape(shape))
    prepare()
    np.testing.assert_array_equal(
        datasets.load("mpi3d").images([9])[0], images[9]
    )


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "text"])
def test_damaged_files_are_refused(data_dir, monkeypatch, damage):
    info, _ = fake_mpi3d(monkeypatch, data_dir)
    path = raw_paths(info, data_dir)[0]
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20] = bytes(20)
    path.write_bytes(
        {
            "cut": data[:middle],
            "changed": data,
            "empty": b"",
            "text": b"<html>Quota exceeded</html>",
        }[damage]
    )
    with pytest.raises(ValueError, match=r"damaged.*get it again from https:"):
        prepare()
    assert nothing_looks_whole(data_dir)


def test_a_killed_prepare_is_resumed(data_dir, monkeypatch):
    _, images = fake_mpi3d(monkeypatch, data_dir)
    monkeypatch.setattr(mpi3d, "BLOCK", 5)
    monkeypatch.setattr(writing, "CHECKPOINT_BYTES", 1)
    with monkeypatch.context() as patch:
        stop_after(patch, 3, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            prepare()
    assert nothing_looks_whole(data_dir)
    with monkeypatch.context() as patch:
        calls = stop_after(patch, 99, None)
        prepare()
        assert calls == [15, 20]
    dataset = datasets.load("mpi3d")
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)


def test_images_of_another_file_are_not_gone_on_with(data_dir, monkeypatch):
    info, images = fake_mpi3d(monkeypatch, data_dir)
    monkeypatch.setattr(mpi3d, "BLOCK", 5)
    monkeypatch.setattr(writing, "CHECKPOINT_BYTES", 1)
    with monkeypatch.context() as patch:
        stop_after(patch, 3, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            prepare()
    np.savez(raw_paths(info, data_dir)[0], images=255 - images)
    prepare()
    dataset = datasets.load("mpi3d")
    np.testing.assert_array_equal(dataset.images(np.arange(24)), 255 - images)


def test_progress_is_shown_while_a_file_is_checked(
    data_dir, monkeypatch, capsys
):
    info, _ = fake_mpi3d(monkeypatch, data_dir)
    path = raw_paths(info, data_dir)[0]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = dataclasses.replace(info.files[0], sha256=digest)
    monkeypatch.setitem(
        registry._INFOS, "mpi3d", dataclasses.replace(info, files=(file,))
    )
    datasets.prepare("mpi3d")
    assert f"Checking {path.name}: 100%" in capsys.readouterr().err


STOPS_MIDWAY = """
import sys
from keras_qlae import datasets
from keras_qlae.datasets.preparing import writer
from tests.datasets import fakes

class Patch:
    setitem = staticmethod(dict.__setitem__)

def write(self, block):
    print("writing", flush=True)
    sys.stdin.read()

fakes.shrink(Patch, "mpi3d", fakes.TINY["mpi3d"])
writer.ImageWriter.write = write
datasets.prepare("mpi3d", show_progress=False)
"""


def test_two_at_once(data_dir, monkeypatch):
    _, images = fake_mpi3d(monkeypatch, data_dir)
    with subprocess.Popen(
        [sys.executable, "-c", STOPS_MIDWAY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax"},
    ) as other:
        assert other.stdout.readline() == b"writing\n"
        with pytest.raises(RuntimeError, match="Another process is preparing"):
            prepare()
        other.kill()
    assert nothing_looks_whole(data_dir)
    prepare()  # the lock went with the process
    dataset = datasets.load("mpi3d")
    np.testing.assert_array_equal(dataset.images(np.arange(24)), images)


DAMAGES = {
    "cut": lambda folder: cut(folder / "images.npy"),
    "no images": lambda folder: (folder / "images.npy").unlink(),
    "no info": lambda folder: (folder / "info.json").unlink(),
    "no JSON": lambda folder: (folder / "info.json").write_text("{"),
    "other JSON": lambda folder: (folder / "info.json").write_text("[]"),
}


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", DAMAGES)
def test_prepared_images_that_are_damaged_are_refused(
    data_dir, monkeypatch, damage
):
    fake_mpi3d(monkeypatch, data_dir)
    folder = prepare()
    DAMAGES[damage](folder)
    raw = raw_paths(datasets.info("mpi3d"), data_dir)[0]
    raw.unlink()
    message = f"{folder} is damaged.*delete it and run `keras-qlae datasets"
    with no_network(monkeypatch):  # no work is begun
        for call in (prepare, lambda: datasets.load("mpi3d")):
            with pytest.raises(ValueError, match=message):
                call()
    store = open_store(datasets.info("mpi3d"), data_dir)
    assert not store.is_prepared
    assert store.needed_bytes > store.prepared_bytes


def test_prepared_images_of_another_form_are_refused(data_dir, monkeypatch):
    fake_mpi3d(monkeypatch, data_dir)
    path = prepare() / "images.npy"
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(ValueError, match=r"is damaged.*other pixels"):
        datasets.load("mpi3d")


def test_pixels_are_compared_once(data_dir, monkeypatch):
    fake_mpi3d(monkeypatch, data_dir)
    path = prepare() / "images.npy"
    hashed = []
    real = store_module.block_hashes
    monkeypatch.setattr(
        store_module, "block_hashes", lambda p: hashed.append(p) or real(p)
    )
    datasets.load("mpi3d")
    assert not hashed  # they were hashed as they were written
    os.utime(path)
    datasets.load("mpi3d")
    datasets.load("mpi3d")
    assert hashed == [path]
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(ValueError, match="in 1 of 1 blocks"):
        datasets.load("mpi3d")


def test_a_folder_that_cannot_be_written_is_compared_each_time(
    data_dir, monkeypatch
):
    fake_mpi3d(monkeypatch, data_dir)
    path = prepare() / "images.npy"
    (path.parent / "checked.json").unlink()
    monkeypatch.setattr(
        hashing, "write_json", lambda *_: (_ for _ in ()).throw(OSError("no"))
    )
    datasets.load("mpi3d")
    assert not (path.parent / "checked.json").exists()


def test_prepared_images_of_other_factors_are_refused(data_dir, monkeypatch):
    fake_mpi3d(monkeypatch, data_dir)
    info = prepare() / "info.json"
    text = json.loads(info.read_text())
    text["factors"]["object_size"] = 7
    info.write_text(json.dumps(text))
    with pytest.raises(ValueError, match="another version"):
        datasets.load("mpi3d")


@pytest.mark.slow
def test_offline_takes_less_than_five_seconds(data_dir, monkeypatch, request):
    end = threading.Event()

    def look_up(*arguments):
        end.wait(60)
        raise TimeoutError

    request.addfinalizer(end.set)

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr(
        "requests.sessions.get_environ_proxies", lambda *_, **__: {}
    )
    begin = time.monotonic()
    with pytest.raises(ConnectionError) as caught:
        prepare("mpi3d_toy")
    assert time.monotonic() - begin < 5
    message = str(caught.value)
    assert "https://huggingface.co/datasets/waleedgondal/mpi3d" in message
    path = data_dir / "mpi3d_toy" / "downloads" / "mpi3d_toy.npz"
    assert str(path) in message
    assert "room3d" in message


def test_md5_that_differs_is_warned_of(data_dir, monkeypatch):
    info, _ = fake_mpi3d(monkeypatch, data_dir)
    file = dataclasses.replace(info.files[0], md5="0" * 32, is_strict=False)
    monkeypatch.setitem(
        registry._INFOS, "mpi3d", dataclasses.replace(info, files=(file,))
    )
    with pytest.warns(
        UserWarning,
        match="Received: md5 .* in place of 000",
    ):
        prepare()
    datasets.load("mpi3d")


def test_sha256_that_differs_is_refused(data_dir, monkeypatch):
    info, _ = fake_mpi3d(monkeypatch, data_dir)
    file = dataclasses.replace(info.files[0], sha256="0" * 64)
    monkeypatch.setitem(
        registry._INFOS, "mpi3d", dataclasses.replace(info, files=(file,))
    )
    with pytest.raises(ValueError, match=r"not the published file.*sha256"):
        prepare()
    assert nothing_looks_whole(data_dir)
