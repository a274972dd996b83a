"""Runs that train in a moment."""

from keras_qlae import recipes

SETTINGS = {
    "image_size": 8,
    "steps": 6,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "num_scored": 200,
    "num_latents": 4,
    "num_values": 3,
}


def recipe(**overrides):
    return recipes.get("qlae", **{**SETTINGS, **overrides})


def gan_recipe(name="ql-info-wgan-gp", **overrides):
    """Three epochs of two steps, each of two critic updates."""
    settings = {**SETTINGS, "batch_size": 16, **overrides}
    return known(name, settings)


def known(name, settings):
    """A recipe with those of the settings that it has."""
    plain = recipes.get(name)
    has = {k: v for k, v in settings.items() if plain.full_names(k)}
    return recipes.get(name, "", has)
