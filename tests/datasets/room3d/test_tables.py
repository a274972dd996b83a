"""The light tables of room3d."""

import importlib.resources

import numpy as np
import pytest

from keras_qlae.datasets.casting import light_table
from keras_qlae.datasets.room3d import make_tables
from keras_qlae.datasets.room3d import tables

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize("image_size", tables.SHIPPED_SIZES)
def test_a_shipped_table_equals_that_of_the_ray_caster(image_size):
    shipped = tables.load_table(image_size)
    fresh = tables.cast_table(image_size).reshape(shipped.shape)
    assert shipped.dtype == fresh.dtype == np.uint8
    difference = np.abs(shipped.astype(int) - fresh.astype(int))
    # Another mathematics library may round a ray on an edge the other way.
    assert (difference > 1).mean() < 1e-4
    assert (difference > 0).mean() < 1e-3


def test_the_shipped_tables_are_small():
    folder = importlib.resources.files("keras_qlae.datasets.room3d")
    files = list((folder / "tables").iterdir())
    assert len(files) == len(tables.SHIPPED_SIZES)
    assert sum(len(file.read_bytes()) for file in files) < 500_000


def test_make_tables_writes_what_load_table_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(make_tables, "SHIPPED_SIZES", (9,))
    (path,) = make_tables.make_tables(tmp_path / "new")
    with np.load(path) as archive:
        light = archive["light"]
    assert light.shape == (480, 9, 9, 4)
    table = tables.load_table(9)
    np.testing.assert_array_equal(light.reshape(table.shape), table)


def test_a_table_is_cast_once_and_cannot_be_written_to():
    table = tables.load_table(10)
    assert tables.load_table(10) is table
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


@pytest.mark.parametrize("image_size", [9, 32, 64])
def test_a_pixel_has_no_more_than_full_light(image_size):
    total = tables.load_table(image_size).sum(axis=-1, dtype=int)
    assert total.max() <= light_table.FULL_LIGHT
    assert total.min() > 50
