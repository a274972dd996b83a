"""Any data set of TensorFlow Datasets that has images, of a tiny builder."""

import json
import pickle

import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds
from click.testing import CliRunner

from keras_qlae import datasets
from keras_qlae.cli.main import main
from keras_qlae.datasets.images import resize
from keras_qlae.datasets.preparing import prepare_tfds
from keras_qlae.datasets.preparing import writer as writing
from keras_qlae.datasets.published import tfds_features
from keras_qlae.datasets.tfds_names import parse_tfds
from keras_qlae.runs import data as run_data
from tests.datasets.fakes import images_of
from tests.datasets.fakes import no_network
from tests.datasets.fakes import stop_after

pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.filterwarnings("ignore"),  # those of TensorFlow Datasets
]

COUNTS = {"test": 6, "train": 18}
SHAPES = ["cube", "ball", "cone"]
URL = "https://toys.invalid/toys.zip"


class TinyToys(tfds.core.GeneratorBasedBuilder):
    """Pictures of two sizes, with labels of every kind."""

    VERSION = tfds.core.Version("1.2.0")

    def _info(self):
        features = tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(None, None, 3)),
                "depth": tfds.features.Image(shape=(8, 8, 1), dtype=np.uint16),
                "shape": tfds.features.ClassLabel(names=SHAPES),
                "color": tfds.features.ClassLabel(num_classes=4),
                "price": np.float32,
                "count": np.int64,
                "maker": tfds.features.Text(),
                "box": tfds.features.BBoxFeature(),
                "tags": tfds.features.Sequence(np.int64),
            }
        )
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples(name) for name in COUNTS}

    def _generate_examples(self, split):
        for i, (image, labels) in enumerate(examples(split)):
            yield (
                i,
                {
                    "image": image,
                    "depth": np.zeros((8, 8, 1), np.uint16),
                    "box": tfds.features.BBox(0.0, 0.0, 1.0, 1.0),
                    "tags": [i],
                    **labels,
                },
            )


class ConfiguredToys(TinyToys):
    """The same in two configurations."""

    BUILDER_CONFIGS = (
        tfds.core.BuilderConfig(name="small", version="1.0.0"),
        tfds.core.BuilderConfig(name="large", version="1.0.0"),
    )


class NoPictures(tfds.core.GeneratorBasedBuilder):
    """Nothing to see."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict({"text": tfds.features.Text()})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        return {}

    def _generate_examples(self):
        return iter(())


def examples(split):
    """Images and labels; of the last image of `test` no color is known."""
    number = COUNTS[split]
    start = 0 if split == "test" else COUNTS["test"]
    small = images_of((number, 16, 16, 3), seed=start)
    large = images_of((number, 24, 20, 3), seed=start)
    for i in range(number):
        k = start + i
        is_unknown = k == COUNTS["test"] - 1
        yield (
            (large if k % 2 else small)[i],
            {
                "shape": k % 3,
                "color": -1 if is_unknown else k % 4,
                "price": [9.5, 0.5][k % 2],
                "count": [70, -3, 5][k % 3],
                "maker": ["Zoe", "Ann"][k % 2],
            },
        )


def expected(split, image_size=16):
    """Images by size, and labels as columns, in any order of the records."""
    return {
        resize(image[None], image_size)[0].tobytes(): labels
        for image, labels in examples(split)
    }


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A data set that TensorFlow Datasets has prepared."""
    folder = tmp_path_factory.mktemp("tfds")
    TinyToys(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch, copies):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(copies))
    with no_network(monkeypatch):
        yield tmp_path / "data"


def check(dataset, splits, names, image_size=16):
    """Compares a data set with the examples, image by image."""
    wanted = {}
    for split in splits:
        wanted |= expected(split, image_size)
    assert len(dataset) == len(wanted)
    index = np.arange(len(dataset))
    images, factors = dataset.images(index), dataset.factors(index)
    numbers = {
        "shape": lambda x: x["shape"],
        "color": lambda x: x["color"],
        "price": lambda x: [0.5, 9.5].index(x["price"]),
        "count": lambda x: [-3, 5, 70].index(x["count"]),
        "maker": lambda x: ["Ann", "Zoe"].index(x["maker"]),
    }
    for image, row in zip(images, factors, strict=True):
        labels = wanted.pop(image.tobytes())
        assert row.tolist() == [numbers[name](labels) for name in names]
    assert not wanted


def test_classes_are_factors_and_images_are_resized(data_dir):
    dataset = datasets.from_tfds(
        "tiny_toys", ["shape"], split="train", image_size=16
    )
    assert dataset.name == "tfds:tiny_toys@train:shape"
    assert dataset.factor_names == ("shape",)
    assert dataset.factor_sizes == (3,)
    check(dataset, ["train"], ["shape"])
    usual = datasets.from_tfds("tiny_toys", split="train", image_size=16)
    assert usual.factor_names == ("shape", "color")
    check(usual, ["train"], ["shape", "color"])


def test_numbers_and_words_can_be_factors():
    names = ["maker", "count", "price", "shape"]
    dataset = datasets.from_tfds("tiny_toys", names, image_size=16)
    assert dataset.factor_sizes == (2, 3, 2, 3)
    check(dataset, ["test", "train"], names)


def test_images_are_decoded_once(data_dir, monkeypatch):
    first = datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir / "nothing"))
    monkeypatch.setattr(prepare_tfds, "tfds_features", None)
    second = datasets.from_tfds("tiny_toys", ["count"], image_size=16)
    np.testing.assert_array_equal(first.images([3]), second.images([3]))
    assert first.fingerprint() != second.fingerprint()
    again = datasets.load("tfds:tiny_toys:shape", image_size=16)
    assert again.fingerprint() == first.fingerprint()
    copied = pickle.loads(pickle.dumps(again))
    np.testing.assert_array_equal(copied.images([3]), first.images([3]))


def test_pipeline_and_split_are_those_of_every_data_set():
    dataset = datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    train, held_out = dataset.split(6, support="corner:1")
    assert (train.factors(np.arange(len(train))) >= 1).all()
    images, factors = next(iter(held_out.as_tf_dataset(6)))
    np.testing.assert_array_equal(
        images, held_out.images(np.arange(6)) / np.float32(255)
    )
    np.testing.assert_array_equal(factors, held_out.factors(np.arange(6)))


def test_on_the_command_line(data_dir, tmp_path):
    name = "tfds:tiny_toys@train:shape,count"
    with pytest.raises(FileNotFoundError) as caught:
        run_data.load(name, 16)
    command = "keras-qlae datasets prepare tfds:tiny_toys@train --image-size 16"
    assert f"Run `{command}` first" in str(caught.value)
    result = CliRunner().invoke(main, [*command.split()[1:], "--quiet"])
    assert result.exit_code == 0, result.output
    assert "is ready in" in result.output
    dataset = run_data.load(name, 16)
    check(dataset, ["train"], ["shape", "count"])
    assert run_data.name_of(name) == name
    assert run_data.folder_of(name) == "tfds-tiny_toys-train-shape-count"
    assert not run_data.is_foreign(name)


def test_configurations(copies):
    for config in ("small", "large"):
        builder = ConfiguredToys(data_dir=copies, config=config)
        builder.download_and_prepare()
    dataset = datasets.from_tfds(
        "configured_toys/large", ["shape"], split="train", image_size=16
    )
    check(dataset, ["train"], ["shape"])
    with pytest.raises(ValueError, match=r"no configuration.*mean 'large'"):
        datasets.from_tfds("configured_toys/larg", image_size=16)


@pytest.mark.parametrize(
    ("name", "factors", "split", "message"),
    [
        ("tiny_toy", None, "", "no data set of this name.*mean 'tiny_toys'"),
        ("no_pictures", None, "", "must have a feature that is an image"),
        ("tiny_toys", ["shap"], "", "no feature `shap`.*mean 'shape'"),
        ("tiny_toys", ["box"], "", "no feature `box` that is one number"),
        ("tiny_toys", ["tags"], "", "It has: .*maker"),
        ("tiny_toys", ["color"], "", "has no `color`.*tiny_toys@train"),
        ("tiny_toys", None, "trian", "splits test, train.*mean 'train'"),
        ("tiny_toys/x", None, "", "no configuration `x`.*It has: none"),
        ("../tiny_toys", None, "", "is named 'tfds:NAME/CONFIG"),
        ("tiny_toys/../x", None, "", "is named 'tfds:NAME/CONFIG"),
        ("a:b", None, "..", "is named 'tfds:NAME/CONFIG"),
    ],
)
def test_missing_files_are_reported(name, factors, split, message):
    with pytest.raises(ValueError, match=message):
        datasets.from_tfds(name, factors, split=split, image_size=16)


def test_a_wrong_factor_is_said_after_preparing_too():
    datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    with pytest.raises(ValueError, match="Did you mean 'count'"):
        datasets.load("tfds:tiny_toys:counts", image_size=16)
    with pytest.raises(ValueError, match="described at https://www"):
        datasets.info("tfds:tiny_toys")


def test_without_a_network_a_message_explains_what_to_do(data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir / "nothing"))
    monkeypatch.setattr(TinyToys, "url_infos", {URL: None})

    def fail(*args, **kwargs):
        raise requests.ConnectionError("no route to host")

    monkeypatch.setattr(requests, "get", fail)
    with pytest.raises(ConnectionError) as caught:
        datasets.from_tfds("tiny_toys", image_size=16)
    message = str(caught.value)
    assert "Cannot download `tfds:tiny_toys` (no route to host)" in message
    assert f"takes it from\n  {URL}\n" in message
    assert (
        f"put the folder at\n  {data_dir / 'nothing' / 'tiny_toys'}" in message
    )
    assert "keras-qlae datasets prepare tfds:tiny_toys" in message
    assert "`room3d` and `sprites2d` need no download" in message


def test_without_a_copy_tensorflow_datasets_makes_one(data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir / "tfds"))
    dataset = datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    check(dataset, ["test", "train"], ["shape"])
    assert (data_dir / "tfds" / "tiny_toys" / "1.2.0").is_dir()


EVIL = """
import pathlib
pathlib.Path(__file__).with_name("ran").touch()
class Feature: ...
"""


@pytest.fixture
def own_copy(tmp_path, monkeypatch):
    """A copy that a test may spoil."""
    builder = TinyToys(data_dir=tmp_path / "own")
    builder.download_and_prepare()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "own"))
    return builder.data_path


def test_nothing_that_the_description_names_is_imported(
    own_copy, tmp_path, monkeypatch
):
    (tmp_path / "evil_features.py").write_text(EVIL)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("features.json", "dataset_info.json"):
        (own_copy / name).write_text(
            json.dumps({"pythonClassName": "evil_features.Feature"})
        )
    dataset = datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    check(dataset, ["test", "train"], ["shape"])
    assert not (tmp_path / "ran").exists()


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def spoil(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def claim_much(path):
    path.write_bytes(b"\xff" * 7 + b"\0" + path.read_bytes()[8:])


@pytest.mark.parametrize("damage", [cut, spoil, claim_much])
def test_a_damaged_copy_is_named(own_copy, data_dir, damage):
    (path,) = own_copy.glob("*-train.tfrecord-*")
    damage(path)
    with pytest.raises(ValueError, match="TensorFlow Datasets has") as caught:
        datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    assert f"in {own_copy}" in str(caught.value)
    assert "delete that folder, or set TFDS_DATA_DIR" in str(caught.value)
    assert not list(data_dir.rglob("16x16"))


def test_a_killed_preparation_is_resumed(data_dir, monkeypatch):
    monkeypatch.setattr(tfds_features, "BLOCK", 5)
    monkeypatch.setattr(writing, "CHECKPOINT_BYTES", 0)
    with monkeypatch.context() as patch:
        stop_after(patch, 2, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    assert not list(data_dir.rglob("16x16"))
    decoded = []
    read = tfds_features.read_image

    def counting(*args, **kwargs):
        decoded.append(args)
        return read(*args, **kwargs)

    monkeypatch.setattr(tfds_features, "read_image", counting)
    dataset = datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    assert len(decoded) == 24 - 10
    check(dataset, ["test", "train"], ["shape"])


def test_damaged_labels_are_named(data_dir):
    datasets.from_tfds("tiny_toys", ["shape"], image_size=16)
    (labels,) = data_dir.rglob("*-labels.npy")
    spoil(labels)
    with pytest.raises(ValueError, match="is damaged: delete it and run"):
        datasets.load("tfds:tiny_toys:shape", image_size=16)


def test_names():
    name = parse_tfds("tfds:eurosat/rgb@train:label,kind")
    assert name == ("eurosat", "rgb", "train", ("label", "kind"))
    assert str(name) == "tfds:eurosat/rgb@train:label,kind"
    assert name.folder == "tfds-eurosat-rgb-train"
    assert parse_tfds("tfds:mnist") == ("mnist", "", "", ())
    for wrong in ("tfds:", "tfds:a b", "tfds:a/", "tfds:a:", "tfds:a@../b"):
        with pytest.raises(ValueError, match="is named 'tfds:NAME"):
            parse_tfds(wrong)
