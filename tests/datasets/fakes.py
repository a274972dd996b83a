"""Tiny files in the real layouts, and data sets of their size."""

import contextlib
import dataclasses
import gzip
import io
import tarfile
import zipfile

import numpy as np
from PIL import Image

from keras_qlae import datasets
from keras_qlae.datasets import registry
from keras_qlae.datasets.preparing import writer as writing
from keras_qlae.datasets.store import open_store

# 24 images each, and about 1,000.
TINY = {
    "mpi3d": (2, 1, 1, 1, 2, 3, 2),
    "shapes3d": (2, 1, 2, 2, 1, 3),
    "dsprites": (2, 2, 3, 1, 2),
    "falcor3d": (2, 1, 2, 1, 3, 1, 2),
    "isaac3d": (2, 1, 1, 2, 1, 3, 1, 1, 2),
    "smallnorb": (2, 2, 3, 2, 1),
    "cars3d": (2, 3, 4),
}
THOUSAND = {
    "mpi3d": (3, 2, 2, 2, 2, 5, 4),
    "shapes3d": (4, 4, 4, 4, 2, 2),
    "dsprites": (2, 4, 5, 5, 5),
    "falcor3d": (4, 2, 4, 2, 4, 2, 2),
    "isaac3d": (2, 2, 2, 2, 2, 2, 2, 4, 2),
    "smallnorb": (2, 5, 5, 5, 4),
    "cars3d": (4, 24, 10),
}


def images_of(shape, seed=0):
    """Different images of large squares: uint8 `(n, h, w, c)`."""
    rng = np.random.default_rng(seed)
    num_images, height, width, channels = shape
    coarse = rng.integers(0, 256, (num_images, 4, 4, channels), np.uint8)
    rows = np.arange(height) * 4 // height
    columns = np.arange(width) * 4 // width
    return coarse[:, rows][:, :, columns]


def grid(info):
    """The factors of every image, in index order."""
    sizes = tuple(info.factors.values())
    return np.stack(np.unravel_index(np.arange(info.num_values), sizes), 1)


def shrink(monkeypatch, name, sizes):
    """Gives a data set fewer values of each factor, and no known hashes."""
    real = datasets.info(name)
    files = [
        dataclasses.replace(file, sha256="", md5="", num_bytes=1000)
        for file in real.files
    ]
    fake = dataclasses.replace(
        real,
        factors=dict(zip(real.factors, sizes, strict=True)),
        files=tuple(files),
    )
    monkeypatch.setitem(registry._INFOS, name, fake)
    return fake


def raw_paths(info, data_dir):
    """Where the files belong; their folder is made."""
    store = open_store(info, data_dir)
    paths = [store.raw(file) for file in info.files]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    return paths


def write_npz(info, paths, images):
    np.savez_compressed(paths[0], images=images)


def write_shapes3d(info, paths, images):
    import h5py

    with h5py.File(paths[0], "w") as file:
        # In the published file too a chunk has a few pixels of many images.
        file.create_dataset("images", data=images, chunks=(16, 8, 8, 3))
        scale = np.array([0.1, 0.1, 0.1, 0.07, 1.0, 4.0])
        file.create_dataset("labels", data=grid(info) * scale - 1.5)


def write_dsprites(info, paths, images):
    import h5py

    classes = grid(info)
    colors = np.zeros_like(classes[:, :1])
    with h5py.File(paths[0], "w") as file:
        data = images[..., 0] // 255
        file.create_dataset("imgs", data=data, chunks=True, compression="gzip")
        classes = np.concatenate([colors, classes], axis=1)
        file.create_dataset("latents/classes", data=classes)
        file.create_dataset("latents/values", data=classes * 0.5)


def write_png_zip(info, paths, images, folder=None, labels=None):
    folder = folder or paths[0].stem
    if labels is None:
        labels = grid(info) / np.array(list(info.factors.values()))
    name = "train-rec.labels" if "Falcor" in folder else "labels.npy"
    with zipfile.ZipFile(paths[0], "w") as archive:
        content = io.BytesIO()
        np.save(content, labels)
        archive.writestr(f"{folder}/{name}", content.getvalue())
        for i, image in enumerate(images):
            content = io.BytesIO()
            Image.fromarray(image).save(content, "png")
            archive.writestr(f"{folder}/images/{i:06d}.png", content.getvalue())


def write_smallnorb(info, paths, images):
    factors = grid(info)
    factors[:, 3] *= 2
    order = np.random.default_rng(0).permutation(len(images))
    parts = np.array_split(order, 2)
    for part, (dat, cat, rest) in zip(
        parts, (paths[:3], paths[3:]), strict=True
    ):
        pair = np.stack([images[part], 255 - images[part]], 1)[..., 0]
        write_matrix(dat, pair)
        write_matrix(cat, factors[part, 0].astype("<i4"))
        write_matrix(rest, factors[part, 1:].astype("<i4"))


def write_matrix(path, array):
    magic = {"uint8": 507333717, "int32": 507333716}[array.dtype.name]
    lengths = (*array.shape, 1, 1)[: max(3, array.ndim)]
    header = np.array([magic, array.ndim, *lengths], "<i4")
    with gzip.open(path, "wb") as file:
        file.write(header.tobytes() + array.tobytes())


def write_cars3d(info, paths, images):
    from scipy.io import savemat

    num_elevations, num_azimuths, num_cars = info.factors.values()
    shape = (num_elevations, num_azimuths, num_cars, *info.native_shape)
    cars = images.reshape(shape).transpose(2, 3, 4, 5, 1, 0)
    with tarfile.open(paths[0], "w:gz") as archive:
        for number in np.random.default_rng(0).permutation(num_cars):
            content = io.BytesIO()
            savemat(content, {"im": cars[number]})
            name = f"data/cars/car_{number:03d}_mesh.mat"
            member = tarfile.TarInfo(name)
            member.size = content.tell()
            content.seek(0)
            archive.addfile(member, content)


WRITERS = {
    "mpi3d": write_npz,
    "shapes3d": write_shapes3d,
    "dsprites": write_dsprites,
    "falcor3d": write_png_zip,
    "isaac3d": write_png_zip,
    "smallnorb": write_smallnorb,
    "cars3d": write_cars3d,
}


def fake(monkeypatch, data_dir, name, sizes=None):
    """Puts a tiny file of a real layout on the disk.

    Returns:
        The data set's description, and the images as `load` should give them
        at their published size.
    """
    kind = "mpi3d" if name.startswith("mpi3d") else name
    info = shrink(monkeypatch, name, sizes or TINY[kind])
    images = images_of((info.num_values, *info.native_shape))
    if name == "dsprites":
        images = images // 128 * np.uint8(255)
    WRITERS[kind](info, raw_paths(info, data_dir), images)
    return info, images


def nothing_looks_whole(data_dir):
    """Whether no prepared data set is there."""
    return not list(data_dir.rglob("64x64"))


def stop_after(monkeypatch, num_blocks, error):
    """Makes writing fail after some blocks."""
    write = writing.ImageWriter.write
    calls = []

    def failing(self, block):
        calls.append(block.positions[0])
        if len(calls) > num_blocks:
            raise error
        write(self, block)

    monkeypatch.setattr(writing.ImageWriter, "write", failing)
    return calls


@contextlib.contextmanager
def no_network(monkeypatch):
    """Fails where anything connects to anything."""

    def refuse(*arguments, **options):
        raise AssertionError("a connection was tried")

    with monkeypatch.context() as patch:
        patch.setattr("socket.getaddrinfo", refuse)
        yield
