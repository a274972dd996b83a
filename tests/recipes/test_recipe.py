"""Recipes: parts at seats, values by name, and errors."""

import json

import pytest

from keras_qlae import recipes
from keras_qlae.recipes import SettingError

pytestmark = pytest.mark.one_backend


@pytest.mark.parametrize("name", recipes.available())
def test_plain_values_make_the_recipe_again(name):
    recipe = recipes.get(name)
    values = json.loads(json.dumps(recipe.to_dict()))
    again = recipes.start(name, recipe.summary, values)
    assert again.to_dict() == recipe.to_dict()


def test_a_recipe_has_the_settings_of_its_parts_and_no_others():
    qlae = recipes.get("qlae")
    assert "latent.num_values" in qlae.settings
    assert not qlae.full_names("kl_weight")
    assert not qlae.full_names("generator_period")
    assert recipes.get("beta-vae").full_names("kl_weight")
    assert not recipes.get("beta-vae").full_names("num_values")
    assert qlae.settings["optimizer.weight_decay"].default == 0.3


def test_a_short_name_means_every_part_that_has_it():
    recipe = recipes.get("qlae", size="small")
    assert recipe.part("encoder").value("size") == "small"
    assert recipe.part("decoder").value("size") == "small"
    one = recipes.get("qlae", "", {"encoder.size": "small"})
    assert one.part("encoder").value("size") == "small"
    assert one.part("decoder").value("size") == "tiny"
    with pytest.raises(
        SettingError, match=r"different values in encoder\.size"
    ):
        one.value("size")


def test_a_part_that_replaces_another_keeps_common_settings():
    recipe = recipes.get("qlae", num_latents=7, latent="ContinuousLatent")
    assert recipe.part("latent").name == "ContinuousLatent"
    assert recipe.value("num_latents") == 7
    assert not recipe.full_names("num_values")


def test_a_part_may_be_given_as_a_table():
    table = {"part": "FiniteScalarQuantizer", "num_values": 5}
    recipe = recipes.get("qlae", latent=table)
    assert recipe.part("latent").name == "FiniteScalarQuantizer"
    assert recipe.value("num_values") == 5
    same = recipes.get("qlae", latent={"num_values": 5})
    assert same.part("latent").name == "ScalarCodebookQuantizer"
    assert same.value("num_values") == 5


def test_the_schedule_may_be_left_out():
    assert recipes.get("qlae").has("schedule")
    recipe = recipes.get("qlae", schedule="none")
    assert not recipe.has("schedule")
    assert not recipe.full_names("fraction")
    assert recipes.get("qlae", schedule=None) == recipe


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_values": 1}, "`num_values` must be an integer of at least 2"),
        ({"steps": 0}, "`steps` must be from 1 to .* Received: steps=0"),
        ({"steps": 10**23}, "`steps` must be from 1"),
        ({"learning_rate": "fast"}, "`learning_rate` must be a finite number"),
        ({"weight_decay": -1.0}, "`weight_decay` must be at least 0"),
        ({"decoder": "fancy"}, "one of .*image_decoder, style_image_decoder"),
        ({"generator_period": 2}, "'qlae' has no setting of this name"),
        ({"latent": "GausianLatent"}, "Did you mean 'GaussianLatent'"),
        ({"weight_decai": 0.1}, "Did you mean 'weight_decay'"),
        ({"num_scored": 10**10}, "`num_scored` must be from 2 to 10,000,000"),
        ({"protocol": "first"}, "one of held_out, paper"),
        ({"latent": 3}, "must be the name of a part"),
        ({"penalties": ["NoPenalty"]}, "`penalties` must be one of"),
    ],
)
def test_refuses_bad_settings_before_anything_is_built(values, message):
    with pytest.raises(SettingError, match=message):
        recipes.get("qlae", **values)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("beta-vae", {"kl_weight": 0.0}, "`kl_weight` must be .*kl_weight=0.0"),
        ("beta-tcvae", {"total_correlation_weight": -1.0}, "must be .*=-1.0"),
        ("bio-ae", {"activity_weight": 0.0}, "use `ContinuousLatent`.*=0.0"),
        ("bio-ae", {"nonnegativity_weight": 0.0}, "must be a positive"),
        (
            "vq-vae",
            {"num_embeddings": 1},
            "`num_embeddings` must be an integer",
        ),
    ],
)
def test_refuses_bad_settings_of_the_baselines(name, values, message):
    with pytest.raises(SettingError, match=message):
        recipes.get(name, **values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"generator_period": 0}, "`generator_period` must be an integer of"),
        ({"latent_weight": -1.0}, "`latent_weight` must be a finite number"),
        ({"latent": "ContinuousLatent"}, "no prior"),
    ],
)
def test_refuses_bad_settings_of_the_gan_when_it_is_built(values, message):
    recipe = recipes.get("ql-info-wgan-gp", **values)
    with pytest.raises(ValueError, match=message):
        recipes.compiled_model(recipe, (16, 16, 1), num_factors=2)


def test_one_value_per_latent():
    recipe = recipes.get("qlae", num_values=[2, 3, 4, 5], shared=False)
    model = recipes.compiled_model(recipe, (8, 8, 1), num_factors=2)
    assert model.latent.codebook_sizes == (2, 3, 4, 5)
    recipe.check(num_factors=2)
    with pytest.raises(SettingError, match="one integer"):
        recipe.check(num_factors=3)


def test_the_number_of_latents_follows_from_the_factors_or_is_given():
    recipe = recipes.get("qlae")
    with pytest.raises(SettingError, match="`num_latents` must be given"):
        recipes.compiled_model(recipe, (8, 8, 1), num_factors=0)
    given = recipe.override(num_latents=3)
    model = recipes.compiled_model(given, (8, 8, 1), num_factors=0)
    assert model.latent.num_latents == 3
