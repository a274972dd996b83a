"""Which images a run is scored on."""

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae import recipes
from keras_qlae.recipes.protocol import Scoring
from keras_qlae.runs.data import load
from keras_qlae.runs.data import name_of
from keras_qlae.runs.data import split
from keras_qlae.runs.data import varied

pytestmark = pytest.mark.backend_free


def numbered(num_images):
    """A data set whose only factor is the number of the image."""
    images = np.zeros((num_images, 8, 8, 1), np.uint8)
    return datasets.from_arrays(images, np.arange(num_images)[:, None])


def numbers(dataset):
    return set(dataset.factors(np.arange(len(dataset)))[:, 0].tolist())


def test_scored_images_are_held_out_by_default():
    train, scored = split(Scoring(num_scored=7), numbered(50))
    assert len(numbers(scored)) == 7
    assert numbers(train) == set(range(50)) - numbers(scored)


def test_the_papers_protocol_trains_on_scored_images():
    data = numbered(50)
    train, scored = split(Scoring(num_scored=7, protocol="paper"), data)
    assert numbers(train) == set(range(50))
    _, held_out = split(Scoring(num_scored=7), data)
    assert numbers(scored) == numbers(held_out)


def test_fewer_scored_images_than_requested_give_a_warning():
    message = "10 images are scored instead of the 11 of `num_scored`: a fifth"
    with pytest.warns(UserWarning, match=message):
        _, scored = split(Scoring(num_scored=11), numbered(50))
    assert len(scored) == 10
    split(Scoring(num_scored=10), numbered(50))


def test_a_handful_of_images_is_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"at least 10 images.*Received: 4 im"):
        split(Scoring(), numbered(4))
    with pytest.warns(UserWarning, match="a fifth"):
        train, scored = split(Scoring(), numbered(10))
    assert (len(train), len(scored)) == (8, 2)


def test_images_that_differ_are_shown_and_none_of_one_colour():
    rng = np.random.default_rng(0)
    images = np.full((8, 4, 4, 3), 100, np.uint8)  # of one colour
    images[[1, 3, 5, 6]] = rng.integers(0, 256, (4, 4, 4, 3))
    images[6] = images[5]
    chosen = varied(images, 3)
    assert set(chosen) <= {1, 3, 5, 6}
    assert len({images[i].tobytes() for i in chosen}) == 3
    assert sorted(varied(images, 20)) == list(range(8))
    assert len(varied(images[:1], 4)) == 1


def test_another_protocol_is_refused():
    with pytest.raises(ValueError, match="one of held_out, paper"):
        recipes.get("qlae", protocol="first")


def of_my_own(image_size=8):
    """A data set that is made by a function."""
    images = np.zeros((20, image_size, image_size, 1), np.uint8)
    return datasets.from_arrays(images, np.arange(20)[:, None], name="mine")


def test_a_data_set_of_ones_own_is_called_by_its_import_path():
    path = f"{__name__}:of_my_own"
    assert name_of(path) == path
    assert load(path, image_size=4).image_shape == (4, 4, 1)
    with pytest.raises(ValueError, match=r"must return a .*FactorDataset"):
        load(f"{__name__}:numbers_of_nothing", image_size=4)


def numbers_of_nothing():
    """Something that is not a data set."""
    return [1, 2]


def test_a_data_set_is_taken_as_it_is():
    data = numbered(20)
    assert load(data, image_size=64) is data
    assert name_of(data) == data.name


def keep_the_last(factors):
    """A user's support."""
    return factors[:, 0] >= 20


def test_a_support_of_ones_own_is_named_by_its_import_path():
    support = f"{__name__}:keep_the_last"
    scoring = Scoring(num_scored=5)
    train, scored = split(scoring, numbered(50), support)
    assert numbers(train) | numbers(scored) == set(range(20, 50))
    scoring = Scoring(num_scored=5, scored_support="full")
    train, scored = split(scoring, numbered(50), support)
    assert numbers(train) == set(range(20, 50)) - numbers(scored)
    recipe = recipes.get("qlae", support=support)
    assert recipe.foreign_parts() == [support]
    assert recipe.override(support="corner:6").foreign_parts() == []


def test_too_few_images_of_a_support_are_refused():
    with pytest.raises(ValueError, match=r"at least 10.*3 images.*corner:47"):
        split(Scoring(), numbered(50), "corner:47")
    with pytest.warns(UserWarning, match="of the 30 images of .* support"):
        split(Scoring(), numbered(50), f"{__name__}:keep_the_last")


def test_a_wrong_support_is_a_wrong_setting():
    with pytest.raises(recipes.SettingError, match="Did you mean 'corner'"):
        recipes.get("qlae", support="corners:6")
    with pytest.raises(recipes.SettingError, match="one of same, full"):
        recipes.get("qlae", scored_support="all")
