"""Files that a stranger may have made: each is refused with one message.

A row is a kind of file, what is wrong with it, and what the message says.
Around each, a tree of files elsewhere is watched: nothing in it changes.
"""

import gzip
import io
import json
import os
import pickle
import re
import signal
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_qlae import datasets
from tests.datasets.fakes import fake
from tests.datasets.fakes import grid
from tests.datasets.fakes import raw_paths
from tests.datasets.fakes import write_matrix

pytestmark = [
    pytest.mark.backend_free,
    # Pillow and zipfile warn, too, of what is refused then.
    pytest.mark.filterwarnings("ignore"),
]

MEMORY = 60_000_000  # bytes that a refusal may take
SECONDS = 10  # that it may take
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nshowpage\n"


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The folder of data sets, and files of the user that must not change."""
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.txt").write_text("mine")
    Image.new("RGB", (8, 8), "red").save(outside / "mine.png")
    before = tree(outside)
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    yield tmp_path
    signal.alarm(0)
    assert tree(outside) == before
    assert not (tmp_path / "trace").exists()


def too_long(number, frame):
    raise AssertionError(f"it takes more than {SECONDS} seconds")


def tree(folder):
    return {
        path: (path.lstat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
    }


def refused(call, message):
    """The call fails with this message, which is short; nothing else."""
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, OSError)) as caught:
            call()
        memory = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert re.search(message, text), text
    assert len(text.splitlines()) <= 15
    assert len(text) < 2000
    assert memory < MEMORY


def prepare(name):
    datasets.prepare(name, show_progress=False)


def png(size=(8, 8)):
    content = io.BytesIO()
    Image.new("RGB", size, "blue").save(content, "png")
    return content.getvalue()


def claims(content, width, height):
    """A PNG file whose header has another size."""
    head = struct.pack(">II", width, height) + content[24:29]
    return content[:8] + chunk(b"IHDR", head) + content[33:]


def chunk(kind, data):
    """A chunk of a PNG file."""
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def npy(array, **options):
    content = io.BytesIO()
    np.save(content, array, **options)
    return content.getvalue()


def npy_that_claims(shape, data=b""):
    content = io.BytesIO()
    head = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, head)
    return content.getvalue() + data


# Images in a folder -----------------------------------------------------

IMAGES = {
    "empty": (b"", "none of these"),
    "text": (b"no image", "none of these"),
    "truncated": (png((64, 64))[:-40], "truncated|broken|image file"),
    "PostScript": (POSTSCRIPT, "none of these"),
    "a pickle": (pickle.dumps(Bomb(Path("trace"))), "none of these"),
    "an .npy": (npy(np.zeros((8, 8))), "none of these"),
    "a broken chunk": (png()[:20] + b"\xff" * 40, r"bad\.png must be an image"),
    "a size of 400 million pixels": (claims(png(), 20_000, 20_000), "image"),
    "a size of 80 million pixels": (
        claims(png(), 10_000, 8_000),
        "8000x10000 pixels, more than the 67,108,864",
    ),
    "a size of 0": (claims(png(), 0, 8), "must be an image"),
    "a bomb in a text chunk": (
        png()[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**26))),
        "too large|too much|must be an image",
    ),
}


@pytest.mark.parametrize("damage", IMAGES)
def test_images(place, damage):
    content, message = IMAGES[damage]
    folder = place / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(png())
    (folder / "bad.png").write_bytes(content)
    refused(lambda: datasets.load(str(folder)), r"bad\.png must be an image")
    refused(lambda: datasets.load(str(folder)), message)


def test_a_pipe_among_the_images(place):
    folder = place / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(png())
    os.mkfifo(folder / "z.png")
    refused(lambda: datasets.load(str(folder)), r"a pipe or a device.*z\.png")


# Tables of factors ------------------------------------------------------

TABLES = {
    "an open quote": ('a.png,"1\nb.png,2\n', "is a quote open"),
    "a long field": (f"a.png,{'x' * 131_073}\n", "longer than 131,072"),
    "no number": ("a.png,nan\nb.png,1\n", "line 2 with nan in size"),
    "infinite": ("a.png,1\nb.png,-inf\n", "line 3 with -inf in size"),
    "too large": ("a.png,1e999\nb.png,1\n", "line 2 with 1e999 in size"),
    "traversal": ("../outside/mine.png,1\n", "line 2 with ../outside"),
    "absolute": ("/etc/passwd,1\n", "line 2 with /etc/passwd"),
    "a null byte": ("a\0.png,1\n", "CSV|not in"),
    "a long name": (f"{'a' * 5000}.png,1\n", "1 of 1 images"),
    "a gap": ("a.png,\n", "line 2 with nothing in size"),
    "too many": ("a.png,1,2\n", "line 2 with more"),
    "no image": ("factors.csv,1\n", r"factors\.csv must be an image"),
    "a folder": ("sub,1\n", "Is a directory"),
}


@pytest.mark.parametrize("damage", TABLES)
def test_tables(place, damage):
    rows, message = TABLES[damage]
    folder = place / "images"
    (folder / "sub").mkdir(parents=True)
    for name in "ab":
        (folder / f"{name}.png").write_bytes(png())
    (folder / "factors.csv").write_text(f"file,size\n{rows}")
    refused(lambda: datasets.load(str(folder)), message)


def test_tables_of_another_kind(place):
    folder = place / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(png())
    table = folder / "factors.csv"
    table.write_bytes(b"file,size\na.png,\xff\n")
    refused(lambda: datasets.load(str(folder)), "not valid CSV in UTF-8")
    table.write_text("file,size,size\na.png,1,2\n")
    refused(lambda: datasets.load(str(folder)), "different names")
    table.unlink()
    os.mkfifo(table)
    refused(lambda: datasets.load(str(folder)), "a pipe or a device")
    table.unlink()
    table.symlink_to("nowhere")
    refused(lambda: datasets.load(str(folder)), r"No such file.*factors\.csv")


# Zip archives of PNG files ----------------------------------------------


def rezip(path, change):
    """Writes an archive anew.

    Args:
        path: The archive.
        change: From the names and contents to those, and a method, of the
            new archive.
    """
    with zipfile.ZipFile(path) as archive:
        members = [(n, archive.read(n)) for n in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content, *method in change(members):
            archive.writestr(name, content, *method)


def with_labels(content, *method):
    return lambda members: [(members[0][0], content, *method), *members[1:]]


def with_image(content, *method):
    return lambda members: [
        *members[:5],
        (members[5][0], content),
        *members[6:],
    ]


ZIPS = {
    "labels of 3 MB from 3 kB": (
        with_labels(bytes(3 * 2**20), zipfile.ZIP_DEFLATED),
        r"labels' of at most .* Received: 3,145,728 bytes",
    ),
    "labels packed with LZMA": (
        with_labels(bytes(1000), zipfile.ZIP_LZMA),
        "plain or deflated files.*method 14",
    ),
    "labels packed with BZIP2": (
        with_labels(bytes(1000), zipfile.ZIP_BZIP2),
        "method 12",
    ),
    "labels that are a pickle": (
        with_labels(npy(np.array([Bomb(Path("trace"))], object))),
        "complete array of numbers.*object",
    ),
    "labels that are words": (
        with_labels(npy(np.full((24, 7), "red"))),
        "complete array of numbers.*<U3",
    ),
    "labels of a huge shape": (
        with_labels(npy_that_claims((10**12, 7))),
        "complete array of numbers.*1000000000000, 7",
    ),
    "labels of a negative shape": (
        with_labels(npy_that_claims((-3, -7), bytes(168))),
        "damaged|must hold",
    ),
    "labels without a header": (
        with_labels(b"labels"),
        "damaged or incomplete",
    ),
    "constant labels": (
        with_labels(npy(np.ones((24, 7)))),
        "label number 0 does not follow factor",
    ),
    "labels that are no numbers": (
        with_labels(npy(np.full((24, 7), np.nan))),
        "label number 0 does not follow factor",
    ),
    "an image twice and one missing": (
        lambda m: [*m[:-1], (m[5][0], m[-1][1])],
        "once each.*in place of number 5",
    ),
    "an image of another name": (
        lambda m: [*m[:-1], ("../../outside/mine.png", m[-1][1])],
        "once each.*outside/mine",
    ),
    "names with line breaks": (
        lambda m: [m[0], *((f"images/{i}\n\n.png", b"") for i in range(24))],
        "in place of number 0",
    ),
    "PostScript in place of an image": (
        with_image(POSTSCRIPT),
        r"000004\.png'.*none of these",
    ),
    "an image that claims 400 million pixels": (
        with_image(claims(png(), 20_000, 20_000)),
        r"000004\.png'",
    ),
    "an image of another size": (
        with_image(png((64, 64))),
        "64x64 pixels in place of 128x128",
    ),
    "an image of 3 MB from 3 kB": (
        with_image(bytes(3 * 2**20), zipfile.ZIP_DEFLATED),
        r"000004\.png' of at most",
    ),
    "two files of labels": (
        lambda m: [*m, ("more.labels", b"")],
        "one file of labels",
    ),
}


@pytest.mark.parametrize("damage", ZIPS)
def test_zip(place, monkeypatch, damage):
    change, message = ZIPS[damage]
    info, _ = fake(monkeypatch, place / "data", "falcor3d")
    rezip(raw_paths(info, place / "data")[0], change)
    refused(lambda: prepare("falcor3d"), message)


# NPZ archives -----------------------------------------------------------

NPZS = {
    "a pickle": (
        lambda m: [(m[0][0], npy(np.array([Bomb(Path("trace"))], object)))],
        "uint8 images.*object",
    ),
    "a huge shape": (
        lambda m: [(m[0][0], npy_that_claims((10**15, 64, 64, 3)))],
        "uint8 images of shape.*float64",
    ),
    "no header": (lambda m: [(m[0][0], b"\x93NUMPY\x09\x09")], "damaged"),
    "a header of 1 MB": (
        lambda m: [(m[0][0], b"\x93NUMPY\2\0\0\0\x10\0" + b" " * 2**20)],
        "damaged",
    ),
    "the array twice": (lambda m: [*m, *m], "one array `images`"),
    "packed with LZMA": (
        lambda m: [(*m[0], zipfile.ZIP_LZMA)],
        "plain or deflated files",
    ),
    "names with line breaks": (
        lambda m: [(f"\n\n{i}", b"") for i in range(100)],
        r"one array `images`.*\(100\)",
    ),
    "shorter than it says": (
        lambda m: [(m[0][0], m[0][1][:-9])],
        "ends within",
    ),
}


@pytest.mark.parametrize("damage", NPZS)
def test_npz(place, monkeypatch, damage):
    change, message = NPZS[damage]
    info, _ = fake(monkeypatch, place / "data", "mpi3d")
    rezip(raw_paths(info, place / "data")[0], change)
    refused(lambda: prepare("mpi3d"), message)


# Tar archives of MAT files ----------------------------------------------


def retar(path, change):
    """Writes an archive again, with changed headers and contents."""
    with tarfile.open(path) as archive:
        members = [(m, archive.extractfile(m).read()) for m in archive]
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        for member, content in change(members):
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def link_to(target, kind):
    def change(members):
        member = members[0][0]
        member.type, member.linkname = kind, target
        return [(member, b""), *members[1:]]

    return change


def first_is(content):
    return lambda members: [(members[0][0], content), *members[1:]]


def mat(**arrays):
    from scipy.io import savemat

    content = io.BytesIO()
    savemat(content, arrays, do_compression=True)
    return content.getvalue()


def mat_bomb():
    packed = zlib.compress(bytes(2**28), 9)
    return mat(im=1)[:128] + struct.pack("<II", 15, len(packed)) + packed


TARS = {
    "a symbolic link": (link_to("/etc/passwd", tarfile.SYMTYPE), "Received: 3"),
    "a hard link": (link_to("/etc/passwd", tarfile.LNKTYPE), "Received: 3"),
    "a pipe": (link_to("", tarfile.FIFOTYPE), "Received: 3"),
    "a car twice": (lambda m: [*m, m[0]], "hold an image twice"),
    "a car of 64 MB": (
        lambda m: [(m[0][0], bytes(2**26)), *m[1:]],
        "must have at most",
    ),
    "an array of 256 MB from 260 kB": (first_is(mat_bomb()), "when unpacked"),
    "an array of words": (first_is(mat(im="red")), "array `im`.*<U3"),
    "an array of objects": (
        first_is(mat(im=np.array([{"a": 1}], object))),
        "array `im`",
    ),
    "no array": (first_is(mat(pictures=1)), "array `im`.*none"),
    "no .mat": (first_is(b"car" * 100), "damaged|array `im`"),
    "an .npy": (first_is(npy(np.zeros(3))), "damaged|array `im`"),
}


@pytest.mark.parametrize("damage", TARS)
def test_tar(place, monkeypatch, damage):
    change, message = TARS[damage]
    info, _ = fake(monkeypatch, place / "data", "cars3d")
    retar(raw_paths(info, place / "data")[0], change)
    refused(lambda: prepare("cars3d"), message)


def test_a_head_of_a_tar_that_asks_for_much(place, monkeypatch):
    info, _ = fake(monkeypatch, place / "data", "cars3d")
    member = tarfile.TarInfo("a")
    member.type, member.size = tarfile.XHDTYPE, 2**30
    head = member.tobuf(tarfile.USTAR_FORMAT)
    path = raw_paths(info, place / "data")[0]
    path.write_bytes(gzip.compress(head + bytes(2**25)))
    refused(lambda: prepare("cars3d"), "asks for 1073741824 bytes at once")


# HDF5 files -------------------------------------------------------------


def hdf5(change):
    """Opens the file of 3D Shapes and changes it."""

    def write(path):
        import h5py

        with h5py.File(path, "r+") as file:
            change(h5py, file, path)

    return write


def external_link(h5py, file, path):
    other = path.with_name("other.h5")
    with h5py.File(other, "w") as there:
        there["images"] = file["images"][:]
    del file["images"]
    file["images"] = h5py.ExternalLink(str(other), "images")


def soft_link(h5py, file, path):
    file.move("images", "other")
    file["images"] = h5py.SoftLink("/other")


def kept_elsewhere(h5py, file, path):
    del file["images"]
    other = [("/etc/passwd", 0, 24 * 64 * 64 * 3)]
    file.create_dataset("images", (24, 64, 64, 3), "u1", external=other)


def virtual(h5py, file, path):
    del file["images"]
    layout = h5py.VirtualLayout((24, 64, 64, 3), "u1")
    layout[:] = h5py.VirtualSource("/x.h5", "images", (24, 64, 64, 3))
    file.create_virtual_dataset("images", layout)


def replace(name, **options):
    def change(h5py, file, path):
        del file[name]
        file.create_dataset(name, **options)

    return change


def group(h5py, file, path):
    del file["images"]
    file.create_group("images")


HDF5 = {
    "a link to another file": (external_link, "itself, not a link"),
    "a link in the file": (soft_link, "itself, not a link"),
    "pixels in another file": (kept_elsewhere, "kept in other files"),
    "a virtual array": (virtual, "kept in other files"),
    "a group": (group, "a group"),
    "a chunk of 1 TB": (
        replace("images", shape=(24, 2**14, 2**13, 3), dtype="u1", chunks=True),
        "in chunks of at most",
    ),
    "a huge shape": (
        replace("images", shape=(10**9, 64, 64, 3), dtype="u1", chunks=True),
        "must hold 24 images.*1000000000 images",
    ),
    "a single number": (replace("images", data=1), "must hold 24 images"),
    "huge labels": (
        replace("labels", shape=(10**9, 6), dtype="f8", chunks=True),
        "must hold 24 images",
    ),
    "labels of words": (
        replace("labels", data=[["a"] * 6] * 24),
        "are numbers",
    ),
    "constant labels": (
        replace("labels", data=np.ones((24, 6))),
        "label number 0 does not follow",
    ),
}


@pytest.mark.parametrize("damage", HDF5)
def test_hdf5(place, monkeypatch, damage):
    change, message = HDF5[damage]
    info, _ = fake(monkeypatch, place / "data", "shapes3d")
    hdf5(change)(raw_paths(info, place / "data")[0])
    refused(lambda: prepare("shapes3d"), message)


# Matrices of small NORB -------------------------------------------------


def head(*numbers):
    return lambda path: path.write_bytes(
        gzip.compress(np.array(numbers, "<i4").tobytes())
    )


NORB = {
    "a huge length": (1, head(507333716, 1, 2**31 - 1, 1, 1), "at most 24"),
    "a negative length": (1, head(507333716, 1, -1, 1, 1), "at most 24"),
    "a billion axes": (1, head(507333716, 10**9, 1, 1, 1), "is not a matrix"),
    "another file": (1, head(1, 2, 3, 4, 5), "is not a matrix"),
    "a wide matrix": (2, head(507333716, 2, 2, 2**30, 1), "4 numbers for each"),
    "more than the matrix": (
        1,
        lambda path: path.write_bytes(path.read_bytes() * 2),
        "must end with its matrix",
    ),
    "other pictures": (
        0,
        lambda path: write_matrix(path, np.zeros((12, 2, 9, 9), np.uint8)),
        "12 pairs of uint8 pictures of 96x96",
    ),
    "values out of range": (
        1,
        lambda path: write_matrix(path, np.full(12, 2**31 - 1, "<i4")),
        "must number the values",
    ),
}


@pytest.mark.parametrize("damage", NORB)
def test_norb(place, monkeypatch, damage):
    number, change, message = NORB[damage]
    info, _ = fake(monkeypatch, place / "data", "smallnorb")
    change(raw_paths(info, place / "data")[number])
    refused(lambda: prepare("smallnorb"), message)


# Copies of TensorFlow Datasets ------------------------------------------


def records(place, monkeypatch, change):
    """Writes a copy of dSprites of changed examples."""
    import tensorflow as tf

    info, images = fake(monkeypatch, place / "data", "dsprites")
    raw_paths(info, place / "data")[0].unlink()
    folder = place / "tfds" / "dsprites" / "2.0.0"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    path = folder / "dsprites-train.tfrecord-00000-of-00001"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for i, (image, row) in enumerate(zip(images, grid(info), strict=True)):
            content = io.BytesIO()
            Image.fromarray(image[..., 0] // 255).save(content, "png")
            values = dict(zip(info.tfds_labels, row.tolist(), strict=True))
            values["image"] = content.getvalue()
            if i == 5:
                change(values)
            writer.write(example(tf, values))
    return path


def example(tf, values):
    def feature(value):
        if isinstance(value, bytes):
            return tf.train.Feature(
                bytes_list=tf.train.BytesList(value=[value])
            )
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    features = {name: feature(value) for name, value in values.items()}
    return tf.train.Example(
        features=tf.train.Features(feature=features)
    ).SerializeToString()


COPIES = {
    "a label out of range": ({"label_scale": 2**40}, "number the values of"),
    "a negative label": ({"label_scale": -1}, "number the values of"),
    "a label of words": ({"label_scale": b"red"}, "damaged or cannot be read"),
    "an image twice": ({"label_shape": 1}, "hold an image twice"),
    "PostScript": ({"image": POSTSCRIPT}, "none of these"),
    "a size of 400 million pixels": (
        {"image": claims(png(), 20_000, 20_000)},
        "An image must be",
    ),
    "an image of another size": ({"image": png()}, "8x8 pixels in place of"),
    "a record of 1 MB": ({"more": bytes(2**20)}, "records of at most"),
}


@pytest.mark.parametrize("damage", COPIES)
def test_copies_of_tfds(place, monkeypatch, damage):
    changes, message = COPIES[damage]
    records(place, monkeypatch, lambda values: values.update(changes))
    refused(lambda: prepare("dsprites"), message)


LENGTHS = {
    "cut": lambda data: data[:-7],
    "a length of 1 TB": lambda data: struct.pack("<Q", 2**40) + data[8:],
    "another checksum": lambda data: data[:8] + bytes(4) + data[12:],
    "other content": lambda data: data[:40] + b"\0\1\2" + data[43:],
    "no records": lambda data: b"",
}


@pytest.mark.parametrize("damage", LENGTHS)
def test_records_of_tfds(place, monkeypatch, damage):
    path = records(place, monkeypatch, lambda values: None)
    path.write_bytes(LENGTHS[damage](path.read_bytes()))
    refused(
        lambda: prepare("dsprites"), "complete records|cannot be read|24 images"
    )
    assert not list((place / "data").rglob("64x64"))


# Prepared stores --------------------------------------------------------


def write_info(**changes):
    def change(folder):
        path = folder / "info.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def replace_info(text):
    return lambda folder: (folder / "info.json").write_text(text)


def replace_images(content):
    return lambda folder: (folder / "images.npy").write_bytes(content)


def pipe(name):
    """Puts a pipe in the place of a file."""

    def change(folder):
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return change


def header_of(*shape):
    """Another header, with the hash that belongs to it."""

    def change(folder):
        import hashlib

        path = folder / "images.npy"
        data = path.read_bytes()
        content = io.BytesIO()
        head = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(content, head)
        data = content.getvalue() + data[len(content.getvalue()) :]
        path.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()[:32]
        write_info(hashes=[digest])(folder)

    return change


STORES = {
    "a list": (replace_info("[]"), "no JSON object"),
    "no JSON": (replace_info("{"), "not valid JSON"),
    "deep JSON": (replace_info("[" * 100_000), "not valid JSON"),
    "a pipe for the description": (pipe("info.json"), "a pipe or a device"),
    "a pipe for the images": (pipe("images.npy"), "0 bytes of images"),
    "a huge number": (write_info(num_bytes=10**30), "in place of 1000000"),
    "a size that is text": (write_info(num_bytes="9" * 10_000), "in place of"),
    "no hashes": (write_info(hashes=None), "no hashes"),
    "too few hashes": (write_info(hashes=[]), "no hashes"),
    "other hashes": (write_info(hashes=["0" * 32]), "other pixels"),
    "hashes that are none": (write_info(hashes=[{"a": 1}]), "no hashes"),
    "another name": (write_info(name="room3d"), "name 'room3d' in place"),
    "other factors": (write_info(factors={"x": 24}), "factors {'x': 24}"),
    "another shape": (write_info(image_shape=[64, 64, 1]), "image_shape"),
    "a header of one channel": (
        header_of(72, 64, 64, 1),
        r"of shape \(24, 64, 64, 3\). Received: uint8 of shape \(72",
    ),
    "a pickle": (
        replace_images(npy(np.array([Bomb(Path("trace"))], object))),
        "bytes of images in place of",
    ),
}


@pytest.mark.parametrize("damage", STORES)
def test_prepared_stores(place, monkeypatch, damage):
    change, message = STORES[damage]
    fake(monkeypatch, place / "data", "mpi3d")
    change(datasets.prepare("mpi3d", show_progress=False))
    refused(lambda: datasets.load("mpi3d"), message)


def test_a_lock_that_is_a_link(place, monkeypatch):
    fake(monkeypatch, place / "data", "mpi3d")
    lock = place / "data" / "mpi3d" / ".lock"
    lock.symlink_to(place / "outside" / "mine.txt")
    refused(lambda: prepare("mpi3d"), r"\.lock is a link")


@pytest.mark.parametrize("name", ["images.npy", "progress.json", "the folder"])
def test_links_among_incomplete_images(place, monkeypatch, name):
    fake(monkeypatch, place / "data", "mpi3d")
    partial = place / "data" / "mpi3d" / ".64x64.partial"
    if name == "the folder":
        partial.symlink_to(place / "outside")
    else:
        partial.mkdir()
        (partial / name).symlink_to(place / "outside" / "mine.txt")
    prepare("mpi3d")
    assert len(datasets.load("mpi3d")) == 24


PROGRESS = ["[]", "{", '{"done": "x"}', '{"done": 1e99, "origin": {}}']


@pytest.mark.parametrize("text", PROGRESS)
def test_progress_that_is_none(place, monkeypatch, text):
    _, images = fake(monkeypatch, place / "data", "mpi3d")
    partial = place / "data" / "mpi3d" / ".64x64.partial"
    partial.mkdir()
    (partial / "progress.json").write_text(text)
    prepare("mpi3d")
    np.testing.assert_array_equal(
        datasets.load("mpi3d").images(range(24)), images
    )


# Bit flips --------------------------------------------------------------


def flips(path, num_flips, seed=0):
    """Flips one bit after the other, each in the original file."""
    data = path.read_bytes()
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, 8 * len(data), num_flips):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        yield int(place)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["images.npy", "info.json", "checked.json"])
def test_100_bit_flips_in_a_prepared_store(place, monkeypatch, name):
    _, images = fake(monkeypatch, place / "data", "mpi3d")
    folder = datasets.prepare("mpi3d", show_progress=False)
    fingerprint = datasets.load("mpi3d").fingerprint()
    for flip in flips(folder / name, 100):
        try:
            dataset = datasets.load("mpi3d")
        except (ValueError, OSError):
            continue
        # What is not noticed is harmless.
        assert name != "images.npy", flip
        assert dataset.fingerprint() == fingerprint
        np.testing.assert_array_equal(dataset.images(range(24)), images)


@pytest.mark.parametrize("name", ["mpi3d", "falcor3d", "cars3d", "smallnorb"])
def test_bit_flips_in_published_files(place, monkeypatch, name):
    """Files without a hash of the whole file; HDF5 files have one."""
    info, images = fake(monkeypatch, place / "data", name)
    size = info.native_shape[0]
    for path in raw_paths(info, place / "data")[:1]:
        for flip in flips(path, 20):
            try:
                folder = datasets.prepare(
                    name, image_size=size, show_progress=False
                )
            except (ValueError, OSError):
                continue
            found = np.load(folder / "images.npy")
            np.testing.assert_array_equal(found, images, err_msg=str(flip))
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
