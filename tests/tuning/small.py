"""Searches of trials that take a moment."""

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


def recipe(name="qlae", **changed):
    """A recipe with those of the settings that it has."""
    plain = recipes.get(name)
    given = SETTINGS | changed
    known = {k: v for k, v in given.items() if plain.full_names(k)}
    return plain.override(known)


def search(path, trials=2, changed=(), **settings):
    return tuning.search(
        recipe(**dict(changed)),
        path,
        max_trials=trials,
        verbose=0,
        **settings,
    )
