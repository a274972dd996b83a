"""The paper's settings for its data sets."""

import pytest

from keras_qlae import datasets
from keras_qlae import recipes
from keras_qlae.recipes import named

pytestmark = pytest.mark.one_backend


@pytest.mark.parametrize("dataset", datasets.available())
def test_the_papers_recipe_for_each_data_set(dataset):
    recipe = recipes.get("qlae-paper", dataset)
    decay = 1e-3 if dataset.startswith("mpi3d") else 0.1
    assert recipe.value("weight_decay") == decay
    assert recipes.get("ae-paper", dataset).value("weight_decay") == 1e-3


def test_settings_given_win_over_those_of_the_data_set():
    recipe = recipes.get("qlae-paper", "mpi3d", weight_decay=0.5)
    assert recipe.value("weight_decay") == 0.5


def test_only_data_sets_that_exist_have_settings():
    for _, dataset in named._FOR_DATASET:
        assert dataset in datasets.available()
