"""The pictures of arm3d."""

import itertools

import numpy as np
import pytest

from keras_qlae.datasets import Arm3D
from keras_qlae.datasets.arm3d import dataset as arm3d
from keras_qlae.datasets.arm3d import ray_caster
from keras_qlae.datasets.casting.light_table import quantize
from tests.datasets.reading import read

pytestmark = pytest.mark.backend_free


@pytest.fixture(scope="module", autouse=True)
def data_dir(tmp_path_factory):
    """The tables are made here, once."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_QLAE_DATA_DIR", str(folder))
        yield folder


def test_factors_are_those_of_mpi3d_in_its_order():
    dataset = Arm3D()
    assert len(dataset) == 86_400
    assert dataset.factor_names == (
        "object_color",
        "object_shape",
        "object_size",
        "camera_height",
        "background_color",
        "horizontal_axis",
        "vertical_axis",
    )
    assert dataset.factor_sizes == (6, 4, 2, 3, 3, 20, 10)
    assert dataset.factors([0, 1, 10, 200, 600]).tolist() == [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
    ]


def test_a_picture_is_its_light_times_its_colors():
    dataset = Arm3D(9)
    index = np.random.default_rng(0).integers(0, len(dataset), 300)
    table = arm3d.load_table(9).astype(np.int64)
    pictures = dataset.images(index)
    for picture, row in zip(pictures, dataset.factors(index), strict=True):
        color, shape, size, camera, background, *angles = row
        geometry = np.ravel_multi_index(
            (shape, size, camera, *angles), ray_caster.GRID
        )
        colors = [each[0] for each in arm3d.MATERIALS.values()]
        colors[0] = arm3d.MATERIALS["object_color"][color]
        colors[1] = arm3d.MATERIALS["background_color"][background]
        total = table[geometry] @ np.array(colors)
        wanted = ((2 * total + 255) // 510).reshape(9, 9, 3)
        np.testing.assert_array_equal(picture, wanted)


@pytest.mark.parametrize(
    "image_size", [9, pytest.param(32, marks=pytest.mark.slow)]
)
def test_tensorflow_draws_the_same(image_size):
    dataset = Arm3D(image_size)
    index = np.random.default_rng(1).integers(0, len(dataset), 500)
    ((images, factors),) = dataset.subset(index).as_tf_dataset(500)
    wanted = dataset.images(index).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(images, wanted)
    np.testing.assert_array_equal(factors, dataset.factors(index))


def test_the_table_is_kept_and_the_same_when_made_again(data_dir):
    table = arm3d.load_table(9)
    assert (data_dir / "arm3d" / "light_9_v1.npz").exists()
    arm3d.load_table.cache_clear()
    np.testing.assert_array_equal(arm3d.load_table(9), table)  # from the disk
    for geometry, light in itertools.islice(ray_caster.cast(9), 300):
        np.testing.assert_array_equal(quantize(light), table[geometry])
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0
    assert table.sum(axis=-1, dtype=int).max() <= 255
    assert table.sum(axis=-1, dtype=int).min() > 40


@pytest.mark.slow
def test_every_value_of_every_factor_shows_and_can_be_read():
    dataset = Arm3D(32)
    rng = np.random.default_rng(0)
    for column, size in enumerate(dataset.factor_sizes):
        before = dataset.factors(rng.integers(0, len(dataset), 200))
        before[:, column] = rng.integers(0, size - 1, 200)
        after = before.copy()
        after[:, column] += 1
        pair = [
            dataset.images(dataset.index_of(factors)).astype(float) / 255
            for factors in (before, after)
        ]
        changed = (np.abs(pair[0] - pair[1]).max(axis=-1) > 0.05).sum((1, 2))
        assert changed.min() >= 4, column
    index = rng.integers(0, len(dataset), 200)
    pictures = dataset.images(index)
    noisy = pictures + rng.normal(0, 5, pictures.shape)
    for each in (pictures, noisy):
        right = read(dataset, each) == dataset.factors(index)
        assert right.mean(axis=0).min() > 0.99


@pytest.mark.parametrize("image_size", [7, 0, 32.0, "64", True])
def test_an_impossible_size_is_refused(image_size):
    with pytest.raises(ValueError, match="`image_size` must be an integer of"):
        Arm3D(image_size)


def test_a_size_beyond_the_memory_is_refused():
    with pytest.raises(ValueError, match="GB of memory"):
        Arm3D(4096)
