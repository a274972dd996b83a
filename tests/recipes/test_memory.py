"""Settings out of proportion are refused before a model is built."""

import os

import pytest

from keras_qlae import layers
from keras_qlae import recipes
from keras_qlae.recipes import SettingError
from keras_qlae.recipes.memory import check_memory

pytestmark = pytest.mark.one_backend


@pytest.mark.parametrize(
    ("name", "settings", "largest"),
    [
        ("qlae", {"num_values": 10**9}, "distances to codebooks"),
        ("qlae", {"num_latents": 10**6, "num_values": 2**12}, "distances"),
        ("qlae", {"num_latents": 10**5}, "latents of the scored images"),
        ("vq-vae", {"num_embeddings": 10**9}, "codebooks"),
        ("vq-vae", {"embedding_dim": 10**8}, "codebooks"),
        ("qlae", {"batch_size": 10**6}, "images"),
    ],
)
def test_settings_that_need_absurd_memory_are_refused_at_once(
    name, settings, largest, monkeypatch
):
    monkeypatch.setattr(os, "sysconf", lambda name: 10**5)  # 10 GB
    recipe = recipes.get(name, **settings)
    with pytest.raises(SettingError, match=f"GB of memory.*{largest}"):
        recipes.compiled_model(recipe, (64, 64, 3), 6, num_examples=100)


@pytest.mark.parametrize(
    ("settings", "received"),
    [
        ({"num_values": 10**6}, "codebooks of 1,000,000, together 12,000,000"),
        ({"num_values": 8334}, "codebooks of 8,334, together 100,008"),
        ({"latent": "FiniteScalarQuantizer", "num_values": 10**5}, "100,000"),
    ],
    ids=str,
)
def test_codebooks_that_no_run_can_record_are_refused_at_once(
    settings, received
):
    recipe = recipes.get("qlae", **settings)
    with pytest.raises(SettingError, match=f"100,000 values .*{received}"):
        recipes.compiled_model(recipe, (16, 16, 3), 6)


def test_codebooks_may_have_thousands_of_values():
    latent = layers.ScalarCodebookQuantizer(12, 8333)
    check_memory(recipes.get("qlae"), latent, (16, 16, 3))


@pytest.mark.parametrize("name", recipes.available())
def test_every_recipe_passes(name):
    recipe = recipes.get(name)
    latent = recipe.part("latent").build(
        num_latents=20, num_pixel_values=100, num_examples=100
    )
    check_memory(recipe, latent, (64, 64, 3))
