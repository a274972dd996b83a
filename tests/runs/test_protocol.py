"""Which images a run is scored on."""

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae import recipes
from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs import RunDirectory
from keras_qlae.runs.training import describe
from keras_qlae.runs.training import split

pytestmark = pytest.mark.backend_free


def numbered(num_images):
    """A data set whose only factor is the number of the image."""
    images = np.zeros((num_images, 8, 8, 1), np.uint8)
    return datasets.from_arrays(images, np.arange(num_images)[:, None])


def numbers(dataset):
    return set(dataset.factors(np.arange(len(dataset)))[:, 0].tolist())


def test_scored_images_are_held_out_by_default():
    train, scored = split(recipes.get("qlae", num_scored=7), numbered(50))
    assert len(numbers(scored)) == 7
    assert numbers(train) == set(range(50)) - numbers(scored)


def test_the_paper_trains_on_what_it_scores():
    data = numbered(50)
    train, scored = split(
        recipes.get("qlae", num_scored=7, protocol="paper"), data
    )
    assert numbers(train) == set(range(50))
    _, held_out = split(recipes.get("qlae", num_scored=7), data)
    assert numbers(scored) == numbers(held_out)


def test_fewer_scored_images_than_asked_for_are_warned_of():
    message = "10 images are scored in place of the 11 of `num_scored`: a fifth"
    with pytest.warns(UserWarning, match=message):
        _, scored = split(recipes.get("qlae", num_scored=11), numbered(50))
    assert len(scored) == 10
    split(recipes.get("qlae", num_scored=10), numbered(50))


def test_another_protocol_is_refused():
    with pytest.raises(ValueError, match="one of held_out, paper"):
        recipes.get("qlae", protocol="first")


def test_runs_from_before_there_was_a_protocol_go_on(tmp_path):
    run = RunDirectory(tmp_path / "run")
    config = describe(recipes.get("qlae"), "room3d", 0, "float32")
    run.claim(config)
    old = read_json(run.config)
    del old["settings"]["protocol"]
    write_json(run.config, old)
    run.check(config)
    assert run.read_config() == config
    paper = describe(
        recipes.get("qlae", protocol="paper"), "room3d", 0, "float32"
    )
    with pytest.raises(ValueError, match="held_out there, paper asked for"):
        run.check(paper)
