"""Recipes: names, overrides, and the models they build."""

import numpy as np
import pytest

from keras_qlae import recipes
from keras_qlae.layers import ContinuousLatent
from keras_qlae.layers import ScalarCodebookQuantizer


def test_paper_recipe_is_the_paper():
    recipe = recipes.get("qlae-paper")
    assert (
        recipe.to_dict()
        | {
            "steps": 200_000,
            "batch_size": 128,
            "learning_rate": 1e-3,
            "weight_decay": 0.1,
            "clip": 1.0,
            "num_values": 10,
            "quantization_weight": 0.01,
            "commitment_weight": 0.01,
            "network": "large",
            "decoder": "style",
            "image_size": 64,
            "schedule": "constant",
        }
        == recipe.to_dict()
    )


@pytest.mark.parametrize("name", recipes.available())
def test_every_recipe_builds(name):
    recipe = recipes.get(name, network="tiny", image_size=16)
    model = recipes.compiled_model(recipe, (16, 16, 3), num_factors=6)
    assert model.latent.num_latents == 12
    kind = {
        "scalar_codebook": ScalarCodebookQuantizer,
        "continuous": ContinuousLatent,
    }[recipe.latent]
    assert isinstance(model.latent, kind)
    assert model.optimizer.decay == recipe.weight_decay
    assert model.optimizer.clip == recipe.clip
    assert model.optimizer.built


def test_settings_reach_the_model():
    recipe = recipes.get(
        "qlae",
        num_latents=5,
        num_values=3,
        shared_codebook=True,
        trainable_codebook=False,
        commitment_weight=0.5,
        decoder="plain",
        schedule="cooldown",
        steps=100,
    )
    model = recipes.compiled_model(recipe, (16, 16, 1), num_factors=2)
    latent = model.latent
    assert latent.codebook_sizes == (3,) * 5
    assert latent.shared
    assert not latent.trainable_codebook
    assert latent.commitment_weight == 0.5
    assert "transition" in [layer.name for layer in model.decoder.layers]
    schedule = model.optimizer.get_config()["learning_rate"]
    assert schedule["class_name"] == "Cooldown"


def test_seed_decides_the_weights():
    recipe = recipes.get("qlae")
    one, same, other = (
        recipes.compiled_model(recipe, (8, 8, 1), 2, seed=seed)
        for seed in (3, 3, 4)
    )
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [m.encoder.get_layer("conv0").kernel for m in (one, other)]
    assert not np.allclose(*map(np.asarray, kernels))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_values": 1}, "`num_values` must be at least 2"),
        ({"steps": 0}, "`steps` must be at least 1"),
        ({"learning_rate": 0.0}, "`learning_rate` must be positive"),
        ({"weight_decay": -1.0}, "`weight_decay` must be at least 0"),
        ({"decoder": "fancy"}, "one of style, plain"),
        ({"weight_decai": 0.1}, "Did you mean 'weight_decay'"),
    ],
)
def test_refuses_bad_settings(values, message):
    with pytest.raises(ValueError, match=message):
        recipes.get("qlae", **values)


def test_unknown_recipe_lists_what_there_is():
    with pytest.raises(ValueError, match="Available: qlae, ae, qlae-paper"):
        recipes.get("qlea")
