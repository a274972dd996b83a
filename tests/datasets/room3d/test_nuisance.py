"""room3d with light, objects and noise that no factor describes."""

import math
import pickle

import numpy as np
import pytest
import tensorflow as tf

from keras_qlae.datasets import Room3D
from keras_qlae.datasets import Room3DNuisance
from keras_qlae.datasets import load
from keras_qlae.datasets.room3d import nuisance
from tests.datasets.reading import read

pytestmark = pytest.mark.backend_free


def sample(seed, number=200):
    return np.random.default_rng(seed).integers(0, 480_000, number)


def test_factors_are_those_of_room3d():
    plain, dataset = Room3D(8), Room3DNuisance(8)
    assert dataset.name == "room3d_nuisance"
    assert dataset.factor_names == plain.factor_names
    index = sample(0)
    np.testing.assert_array_equal(dataset.factors(index), plain.factors(index))


@pytest.mark.parametrize("image_size", [9, 32])
@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_tensorflow_draws_the_same(image_size, seed):
    dataset = Room3DNuisance(image_size, seed)
    index = sample(1)
    ((images, factors),) = dataset.subset(index).as_tf_dataset(200)
    wanted = dataset.images(index).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(images, wanted)
    np.testing.assert_array_equal(factors, dataset.factors(index))


def test_a_picture_is_that_of_room3d_lit_hidden_and_noisy():
    index = sample(2, 20)
    dataset = Room3DNuisance(16, seed=5)
    pools = nuisance.load_pools(16)
    pictures = dataset.images(index).reshape(20, -1, 3)
    plain = Room3D(16).images(index).reshape(20, -1, 3)
    choices = zip(*nuisance.draws(index, 5), strict=True)
    for picture, room, (light, things, noise) in zip(
        pictures, plain, choices, strict=True
    ):
        gain = pools.gain[light] / 128
        cover = pools.cover[things] / 64
        lit = room * gain * (1 - cover) + pools.thing[things] / 64
        wanted = np.floor(lit + 0.5) + pools.noise[noise]
        np.testing.assert_array_equal(picture, wanted.clip(0, 255))


def test_it_depends_only_on_position_and_seed():
    index = sample(3)
    pictures = Room3DNuisance(16, seed=1).images(index)
    nuisance.load_pools.cache_clear()
    again = pickle.loads(pickle.dumps(load("room3d_nuisance", image_size=16)))
    other = Room3DNuisance(16, seed=1)
    np.testing.assert_array_equal(other.images(index[::-1])[::-1], pictures)
    assert (again.images(index) != pictures).any(axis=(1, 2, 3)).mean() > 0.99
    prints = {Room3DNuisance(16, seed).fingerprint() for seed in (0, 1, 2)}
    assert len(prints | {Room3D(16).fingerprint()}) == 4


def test_the_pools_are_the_same_on_every_machine():
    # Whole numbers from raw bits: no library may round them another way.
    pools = nuisance.load_pools(8)
    assert [int(pool.astype(np.int64).sum()) for pool in pools] == [
        1057814,
        17667,
        7908974,
        -596,
    ]
    assert [x.tolist() for x in nuisance.draws(np.arange(4), 7)] == [
        [86, 88, 25, 51],
        [96, 65, 110, 56],
        [115, 106, 65, 78],
    ]


def test_choices_are_even_and_independent_of_the_factors():
    index = np.arange(480_000)
    choices = np.stack(nuisance.draws(index, 3), axis=1)
    for choice in choices.T:
        counts = np.bincount(choice, minlength=nuisance.POOL)
        assert len(counts) == nuisance.POOL
        expected = len(index) / nuisance.POOL
        assert np.abs(counts - expected).max() < 6 * math.sqrt(expected)
    both = np.concatenate([choices, Room3D(8).factors(index)], axis=1)
    table = np.corrcoef(both.T)
    np.fill_diagonal(table, 0)
    assert np.abs(table[:3]).max() < 6 / math.sqrt(len(index))


def test_twins_choose_alike():
    index = sample(4)
    found = nuisance.draws(tf.constant(index), 2**32 - 1)
    for left, right in zip(
        found, nuisance.draws(index, 2**32 - 1), strict=True
    ):
        np.testing.assert_array_equal(left, right)


def test_nothing_lies_on_the_object_and_noise_has_no_mean():
    pools = nuisance.load_pools(32)
    hidden = pools.cover.reshape(-1, 32, 32)
    assert hidden[:, 10:, 9:23].max() == 0
    assert (hidden > 0).any(axis=(1, 2)).all()
    assert abs(pools.noise.mean()) < 0.05
    assert pools.noise.std() == pytest.approx(math.sqrt(8), rel=0.02)
    assert 0.75 <= pools.gain.min() / 128 < 0.85
    assert 1.15 < pools.gain.max() / 128 <= 1.25


@pytest.mark.slow
def test_every_factor_can_still_be_read():
    """Among all hues of the same geometry, and all geometries of the same."""
    dataset, rooms = Room3DNuisance(32), Room3D(32)
    index = sample(5, 150)
    factors = dataset.factors(index)
    found = np.empty_like(factors)
    for columns in (slice(0, 3), slice(3, 6)):
        sizes = dataset.factor_sizes[columns]
        values = np.stack(np.unravel_index(range(math.prod(sizes)), sizes), 1)
        for k, row in enumerate(factors):
            others = np.tile(row, (len(values), 1))
            others[:, columns] = values
            part = rooms.subset(rooms.index_of(others))
            picture = dataset.images(index[k : k + 1])
            found[k, columns] = read(part, picture)[0, columns]
    assert (found == factors).mean(axis=0).min() > 0.99


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, None])
def test_an_impossible_seed_is_refused(seed):
    with pytest.raises(ValueError, match="`seed` must be"):
        Room3DNuisance(8, seed)
