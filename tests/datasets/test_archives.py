"""Images in ZIP archives, which count as folders of their names."""

import io
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from keras_qlae import datasets
from keras_qlae.datasets import archives
from keras_qlae.datasets import folder_images
from tests.cli.test_cli import call

pytestmark = pytest.mark.backend_free

TABLE = "file,shade\n0.png,dark\n1.png,light\nsub/2.png,dark\n"


def png(red, size=(6, 6)):
    file = io.BytesIO()
    Image.new("RGB", size, (red, 0, 0)).save(file, "PNG")
    return file.getvalue()


def pack(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def numbered(path, first, number):
    names = range(first, first + number)
    return pack(path, {f"{i:03d}.png": png(i) for i in names})


def reds(data):
    return data.images(range(len(data)))[:, 0, 0, 0].tolist()


def test_an_archive_is_a_folder(tmp_path):
    files = {"1.png": png(1), "0.png": png(0), "sub/2.png": png(2)}
    others = {"notes.txt": b"x", ".hidden.png": b"x", "__MACOSX/._1.png": b"x"}
    path = pack(tmp_path / "photos.zip", files | others | {"sub/": b""})
    data = datasets.from_folder(path)
    assert data.name == "photos"
    assert reds(data) == [0, 1, 2]
    assert datasets.from_folder(path, image_size=4).image_shape == (4, 4, 3)
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    same = datasets.from_folder(folder, name="photos")
    assert same.fingerprint() == data.fingerprint()


def test_a_folder_of_archives(tmp_path):
    numbered(tmp_path / "b.ZIP", 3, 2)
    (tmp_path / "a").mkdir()
    numbered(tmp_path / "a" / "a.zip", 0, 3)
    assert reds(datasets.from_folder(tmp_path)) == [0, 1, 2, 3, 4]
    table = tmp_path / "factors.csv"
    table.write_text("file,k\nb.ZIP/004.png,1\na/a.zip/000.png,0\n")
    data = datasets.load(str(tmp_path))
    assert reds(data) == [4, 0]
    assert data.factors([0, 1]).tolist() == [[1], [0]]
    table.write_text("file,k\nb.ZIP/000.png,1\na/none.zip/000.png,0\n")
    with pytest.raises(FileNotFoundError, match=r"2 of 2.*b\.ZIP.000\.png"):
        datasets.load(str(tmp_path))
    table.unlink()
    (tmp_path / "one.png").write_bytes(png(9))
    assert reds(datasets.from_folder(tmp_path)) == [9]


def test_a_table_in_any_order_opens_each_archive_twice(tmp_path, monkeypatch):
    """Once to look for the images, once to read them."""
    for k in range(3):
        numbered(tmp_path / f"{k}.zip", 10 * k, 4)
    rows = [
        f"{k}.zip/{10 * k + i:03d}.png,{k}" for i in range(4) for k in range(3)
    ]
    (tmp_path / "factors.csv").write_text("\n".join(["file,k", *rows, ""]))
    opened = []
    monkeypatch.setattr(
        zipfile.ZipFile,
        "_RealGetContents",
        lambda self, real=zipfile.ZipFile._RealGetContents: (
            opened.append(self.filename) or real(self)
        ),
    )
    data = datasets.from_folder(tmp_path, image_size=6)
    assert reds(data)[:4] == [0, 10, 20, 1]
    assert len(opened) == 6


def test_a_path_may_have_letters_that_grow_in_lower_case(tmp_path):
    place = tmp_path / "\u0130stanbul"  # its lower case has two characters
    place.mkdir()
    numbered(place / "a.ZIP", 5, 2)
    assert reds(datasets.from_folder(place)) == [5, 6]


def test_flipped_bits_are_noticed_or_harmless(tmp_path):
    """Errors of the libraries do not come through as they are."""
    path = numbered(tmp_path / "p.zip", 0, 3)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    messages = []
    for bit in rng.integers(0, 8 * len(whole), 300):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        try:
            found = reds(datasets.from_folder(path))
        except (ValueError, OSError) as error:
            messages.append(str(error))
        else:
            assert set(found) <= {0, 1, 2}
    assert messages
    assert not [text for text in messages if "p.zip" not in text]


def test_a_folder_may_be_called_like_an_archive(tmp_path):
    folder = tmp_path / "not.zip" / "one.zip"
    folder.mkdir(parents=True)
    (folder / "0.png").write_bytes(png(5))
    assert reds(datasets.from_folder(tmp_path)) == [5]
    assert archives.split(os.fspath(folder / "0.png"))[0] == ""


def test_an_archive_with_its_table_on_the_command_line(tmp_path, monkeypatch):
    files = {"0.png": png(0), "1.png": png(1), "sub/2.png": png(2)}
    pack(tmp_path / "photos.zip", files | {"factors.csv": TABLE})
    monkeypatch.chdir(tmp_path)
    result = call("datasets", "info", "photos.zip")
    assert result.exit_code == 0, result.output
    assert "shade" in result.output
    data = datasets.load("photos.zip")
    assert data.factors([0, 1, 2]).tolist() == [[0], [1], [0]]
    result = call("datasets", "info", "none.zip")
    assert "There is no file 'none.zip'" in result.output


def test_many_are_decoded_once_until_an_archive_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(folder_images, "IN_MEMORY", 0)
    place = tmp_path / "parts"
    place.mkdir()
    for k in range(3):
        numbered(place / f"{k}.zip", 4 * k, 4)
    first = datasets.from_folder(place)
    assert reds(first) == list(range(12))
    with monkeypatch.context() as patch:
        patch.setattr(folder_images, "read_image", None)
        patch.setattr(folder_images.FolderImages, "shape", lambda _: (6, 6, 3))
        again = datasets.from_folder(place)
    assert again.fingerprint() == first.fingerprint()
    numbered(place / "1.zip", 50, 4)
    changed = datasets.from_folder(place)
    assert reds(changed)[4:8] == [50, 51, 52, 53]
    assert changed.fingerprint() != first.fingerprint()


def flipped(path):
    content = bytearray(path.read_bytes())
    content[40] ^= 255  # in the data of the first member
    path.write_bytes(content)


def encrypted(path):
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\1\2")
    content[entry + 8] |= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("files", "spoil", "message"),
    [
        ({}, None, "must contain images"),
        ({"notes.txt": b"x"}, None, "must contain images"),
        ({"0.png": b"x"}, None, r"0\.png must be an image.*none of these"),
        (
            {"0.png": png(0)},
            flipped,
            r"p\.zip must be a complete ZIP archive",
        ),
        ({"0.png": png(0)}, encrypted, "encrypted"),
        (
            {"0.png": png(0)},
            lambda path: path.write_bytes(path.read_bytes()[:-30]),
            r"p\.zip must be a complete ZIP archive",
        ),
        (
            {"0.png": png(0)},
            lambda path: path.write_bytes(b"PK"),
            r"p\.zip must be a complete ZIP archive",
        ),
        ({"0.png": png(0), "1.png": png(1, (5, 5))}, None, "the same size"),
    ],
)
def test_what_cannot_be_read(files, spoil, message, tmp_path):
    path = pack(tmp_path / "p.zip", files)
    if spoil:
        spoil(path)
    with pytest.raises(ValueError, match=message):
        datasets.from_folder(path)


def test_other_methods_and_large_members_are_refused(tmp_path, monkeypatch):
    path = pack(tmp_path / "p.zip", {"0.png": png(0)}, zipfile.ZIP_LZMA)
    with pytest.raises(ValueError, match="packed with method 14"):
        datasets.from_folder(path)
    monkeypatch.setattr(archives, "MAX_BYTES", 100)
    path = pack(tmp_path / "p.zip", {"0.png": bytes(10**6)})
    with pytest.raises(ValueError, match=r"of at most 100 bytes.*1,000,000"):
        datasets.from_folder(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.png", png(0))
        archive.writestr("0.png", png(1))
    with pytest.raises(ValueError, match="2 files with 1 names"):
        datasets.from_folder(path)


def test_members_that_lead_out_are_skipped(tmp_path):
    outside = tmp_path / "0.png"
    outside.write_bytes(png(200))
    place = tmp_path / "place"
    place.mkdir()
    names = ("../0.png", str(outside), "a/../../0.png", "a//0.png", "in.png")
    path = pack(place / "p.zip", dict.fromkeys(names, png(1)))
    for folder in (path, place):
        data = datasets.from_folder(folder)
        assert reds(data) == [1]
    table = pack(tmp_path / "q.zip", {"factors.csv": "file,k\n../0.png,1\n"})
    with pytest.raises(ValueError, match="images in the folder, relative"):
        datasets.load(str(table))


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "p.zip")
    with pytest.raises((OSError, ValueError)):
        datasets.from_folder(tmp_path / "p.zip")
