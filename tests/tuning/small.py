"""Searches of trials that take a moment."""

import keras
import pytest

from keras_qlae import recipes
from keras_qlae import tuning

SETTINGS = {
    "image_size": 8,
    "steps": 4,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "num_scored": 100,
    "num_latents": 3,
    "num_values": 4,
}


only_once = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="nothing in it depends on the backend",
)


def hypermodel(recipe="qlae", changed=(), **settings):
    chosen = recipes.get(recipe, **{**SETTINGS, **dict(changed)})
    return tuning.QLAEHyperModel(chosen, **settings)


def gan_hypermodel(changed=(), **settings):
    return hypermodel("ql-info-wgan-gp", changed, **settings)
