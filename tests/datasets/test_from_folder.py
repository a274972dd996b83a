"""A folder of images and a table of factors."""

import numpy as np
import pytest
from PIL import Image

from keras_qlae import datasets
from keras_qlae.datasets import folder_dataset

pytestmark = pytest.mark.backend_free

TABLE = """file,shade,size
a.png,light,10
b.png,dark,9
sub/c.png,dark,10
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png", "sub/c.png"):
        image = rng.integers(0, 256, (8, 10, 3), np.uint8)
        Image.fromarray(image).save(tmp_path / "mine" / name)
    (tmp_path / "factors.csv").write_text(TABLE)
    return tmp_path


def load(folder, **options):
    return datasets.from_folder(
        folder / "mine", folder / "factors.csv", **options
    )


def test_images_and_factors_follow_the_table(folder):
    dataset = load(folder)
    assert dataset.name == "mine"
    assert dataset.factor_names == ("shade", "size")
    # Words by the alphabet, numbers by size and not as text.
    assert dataset.factors([0, 1, 2]).tolist() == [[1, 1], [0, 0], [0, 1]]
    wanted = np.asarray(Image.open(folder / "mine" / "sub" / "c.png"))
    np.testing.assert_array_equal(dataset.images([2])[0], wanted)


def test_images_are_resized_and_made_grey(folder):
    assert load(folder, image_size=4).image_shape == (4, 4, 3)
    assert load(folder, grey=True).image_shape == (8, 10, 1)


def test_without_a_table_all_images_are_taken_in_order(folder):
    (folder / "mine" / ".hidden.png").write_text("no image")
    (folder / "mine" / "notes.txt").write_text("no image")
    (folder / "mine" / "e.pdf").write_text("written by Pillow, not read")
    dataset = datasets.from_folder(folder / "mine")
    assert not dataset.has_factors
    wanted = load(folder).images([0, 1, 2])
    np.testing.assert_array_equal(dataset.images([0, 1, 2]), wanted)
    assert len(dataset) == 3
    (folder / "empty").mkdir()
    with pytest.raises(ValueError, match=r"must contain images.*empty"):
        datasets.from_folder(folder / "empty")


def test_load_takes_a_folder_with_or_without_a_table(folder):
    place = str(folder / "mine")
    assert not datasets.load(place).has_factors
    assert datasets.load(place, image_size=4).image_shape == (4, 4, 3)
    (folder / "mine" / "factors.csv").write_text(TABLE)
    assert datasets.load(place).factor_names == ("shade", "size")
    with pytest.raises(ValueError, match=r"no such option. Available: image_"):
        datasets.load(place, color=1)
    with pytest.raises(ValueError, match=r"or the path of a folder.*'nowhere'"):
        datasets.load("nowhere")


def test_a_table_in_the_folder_is_used_unless_refused(folder):
    place = folder / "mine"
    (place / "factors.csv").write_text(TABLE)
    assert datasets.from_folder(place).factor_names == ("shade", "size")
    assert not datasets.from_folder(place, False).has_factors
    other = datasets.from_folder(place, folder / "factors.csv")
    assert other.fingerprint() == datasets.from_folder(place).fingerprint()


def test_measurements_in_a_table_are_warned_about(folder):
    rng = np.random.default_rng(0)
    lines = ["file,weight,size,year"]
    for i in range(30):
        name = f"{i}.png"
        Image.new("RGB", (4, 4)).save(folder / "mine" / name)
        lines.append(f"{name},{rng.normal()},{0.5 * (i % 10)},{1900 + i}")
    (folder / "factors.csv").write_text("\n".join(lines))
    with pytest.warns(
        UserWarning, match=r"digitize.*Received: .*weight"
    ) as found:
        assert load(folder, image_size=4).factor_sizes == (30, 10, 30)
    assert len(found) == 1
    assert "size" not in str(found[0].message).partition("Received")[2]
    assert found[0].filename == __file__


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("name,size\na.png,1\n", r"column `file`.*'name', 'size'"),
        ("file\na.png\n", "at least one other column"),
        ("file,size\n", "0 rows"),
        ("file,size\na.png,1\nb.png,\n", "line 3 with nothing in size"),
        ("file,size\na.png,1,2\n", "line 2 with more"),
    ],
)
def test_other_tables_are_refused(folder, table, message):
    (folder / "factors.csv").write_text(table)
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_missing_files_are_named(folder):
    (folder / "mine" / "b.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 3 images.*b\.png"):
        load(folder)


def test_files_that_are_no_images_are_refused(folder):
    (folder / "mine" / "b.png").write_text("no image")
    with pytest.raises(ValueError, match=r"b\.png must be an image"):
        load(folder)


def test_images_of_different_sizes_are_refused(folder):
    Image.new("RGB", (8, 8)).save(folder / "mine" / "b.png")
    with pytest.raises(ValueError, match=r"the same size.*b\.png of shape"):
        load(folder)
    assert load(folder, image_size=6).image_shape == (6, 6, 3)


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_grey_levels_of_16_bits_are_scaled(folder, kind):
    levels = np.array([[0, 128, 129, 257], [300, 32768, 65000, 65535]])
    path = folder / "mine" / f"deep.{kind}"
    Image.fromarray(levels.astype(np.uint16)).save(path)
    (folder / "factors.csv").write_text(f"file,size\ndeep.{kind},1\n")
    wanted = [[0, 0, 1, 1], [1, 128, 253, 255]]
    grey = load(folder, grey=True).images([0])[0]
    assert grey[..., 0].tolist() == wanted
    colored = load(folder).images([0])[0]
    assert colored[..., 2].tolist() == wanted


def test_levels_of_32_bits_are_refused(folder):
    path = folder / "mine" / "deep.tiff"
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(path)
    (folder / "factors.csv").write_text("file,size\ndeep.tiff,1\n")
    with pytest.raises(ValueError, match=r"deep\.tiff .*levels of 32 bits"):
        load(folder)


def test_other_and_hidden_files_are_skipped(folder):
    place = folder / "mine"
    for name in ("labels.h5", "film.mpg", "page.ps", "vector.eps", "list.txt"):
        (place / name).write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0")
    (place / ".cache").mkdir()
    (place / ".cache" / "z.png").write_text("no image")
    (place / "others").symlink_to("/")
    assert len(datasets.from_folder(place)) == 3


def test_an_empty_name_is_no_folder(folder, monkeypatch):
    monkeypatch.chdir(folder / "mine")
    assert datasets.from_folder(".").name == "mine"
    with pytest.raises(ValueError, match=r"the current one is '\.'"):
        datasets.from_folder("")
    with pytest.raises(ValueError, match="no data set of this name"):
        datasets.load("")


def test_a_search_has_an_end(folder, monkeypatch):
    monkeypatch.setattr(folder_dataset, "MAX_OTHERS", 20)
    for i in range(21):
        (folder / "mine" / f"{i}.txt").touch()
    with pytest.raises(ValueError, match=r"2 were found among 22.*mine"):
        datasets.from_folder(folder / "mine")


@pytest.mark.parametrize("load_from", ["room3d", "a folder"])
def test_sizes_that_exceed_the_memory_are_refused(folder, load_from):
    place = "room3d" if load_from == "room3d" else str(folder / "mine")
    with pytest.raises(ValueError, match=r"GB of memory.*this machine has"):
        datasets.load(place, image_size=1_000_000)


def test_pictures_are_resized_as_tensorflow_does(folder):
    import tensorflow as tf

    for size in (5, 13):  # smaller and larger, from sides of 8 and 10
        resized = load(folder, image_size=size).images([0])[0]
        wanted = tf.image.resize(
            load(folder).images([0])[0],
            (size, size),
            method="bicubic",
            antialias=True,
        )
        wanted = np.clip(wanted.numpy(), 0, 255)
        assert np.abs(resized - wanted).max() < 0.5 + 1e-3
