"""Which settings are searched, and between which values."""

import keras_tuner
import pytest

from keras_qlae import recipes
from keras_qlae.tuning import space

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("recipe", "names"),
    [
        ("qlae", ["weight_decay", "num_values"]),
        ("fsq", ["weight_decay", "num_values"]),
        ("beta-tcvae", ["weight_decay", "latent.total_correlation_weight"]),
        ("beta-vae", ["weight_decay", "latent.kl_weight"]),
        ("ae", ["weight_decay"]),
    ],
)
def test_settings_searched_by_default(recipe, names):
    assert list(space.ranges_of(recipes.get(recipe))) == names


@pytest.mark.parametrize("name", recipes.available())
def test_every_recipe_has_a_search_of_its_own(name):
    ranges = space.ranges_of(recipes.get(name))
    assert ranges
    assert all(0 < low < high for low, high in ranges.values())


@pytest.mark.parametrize(
    ("recipe", "name", "limits"),
    [
        ("qlae", "weight_decay", (1e-3, 1.0)),  # known to be good
        ("ae", "weight_decay", (1e-3, 1.0)),  # of its 0 there is no tenth
        ("bio-ae-paper", "weight_decay", (1e-5, 1e-3)),  # outside the good
        ("info-wgan-gp-paper", "learning_rate", (2e-5, 2e-3)),
        ("beta-vae", "kl_weight", (0.03, 3.0)),
        ("beta-vae", "latent.kl_weight", (0.03, 3.0)),
        ("ql-info-wgan-gp", "latent-weight", (2.0, 200.0)),
        ("factor-vae", "total_correlation_weight", (0.3, 30.0)),
        ("qlae", "num_latents", (6, 18)),
        ("qlae", "batch_size", (16, 64)),
        ("ql-info-wgan-gp", "generator_period", (1, 4)),
    ],
)
def test_ranges_that_are_not_given(recipe, name, limits):
    (found,) = space.ranges_of(recipes.get(recipe), [name]).values()
    assert found == pytest.approx(limits)


def test_integers_are_searched_evenly_and_floats_by_their_logarithm():
    recipe = recipes.get("qlae")
    ranges = space.ranges_of(
        recipe, {"num_values": (4, 6), "learning_rate": (1e-4, 1e-2)}
    )
    values, rate = space.hyperparameters(recipe, ranges).space
    assert isinstance(values, keras_tuner.engine.hyperparameters.Int)
    assert (values.min_value, values.max_value) == (4, 6)
    assert values.default == 4  # the recipe's 10 lies outside
    assert rate.sampling == "log"
    assert rate.default == recipe.value("learning_rate")


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (["wheight_decay"], "Did you mean .*weight_decay"),
        (["kl_weight"], "no setting of this name"),
        (["shared"], "Only settings that are numbers"),
        (["schedule"], "no setting of this name"),
        (["seed"], "no setting of this name"),
        ({"weight_decay": (0, 1)}, r"0 < low < high.*\(0, 1\)"),
        ({"weight_decay": (0.1, float("inf"))}, r"Received.*\(0.1, inf\)"),
        ({"weight_decay": (float("nan"), 1)}, "finite range"),
        ({"weight_decay": (1, 0.1)}, "0 < low < high"),
        ({"num_values": (4.5, 8)}, "a range of integers"),
        ({"num_values": (1, 4)}, "`num_values` must be"),
        ({"num_values": (8, 8)}, "low < high"),
    ],
)
def test_mistakes_are_reported(search, message):
    with pytest.raises(recipes.SettingError, match=message):
        space.ranges_of(recipes.get("qlae"), search)


def test_a_value_of_zero_gives_no_range():
    recipe = recipes.get("qlae", commitment_weight=0.0)
    with pytest.raises(recipes.SettingError, match="has no default range"):
        space.ranges_of(recipe, ["commitment_weight"])


@pytest.mark.parametrize(
    "name",
    ["num_scored", "score_every", "steps_per_epoch", "scoring.num_scored"],
)
def test_settings_that_do_not_change_training_are_not_searched(name):
    with pytest.raises(recipes.SettingError, match="not change the training"):
        space.ranges_of(recipes.get("qlae"), [name])


def test_a_loss_that_reaches_no_codebook_is_not_searched():
    search = {"quantization_weight": (0.1, 1.0)}
    assert space.ranges_of(recipes.get("qlae"), search)
    fixed = recipes.get("qlae", trainable_codebook=False)
    with pytest.raises(recipes.SettingError, match="not change the training"):
        space.ranges_of(fixed, search)


@pytest.mark.parametrize(("own", "low"), [(3, 3), (2, 2)])
def test_a_range_by_default_has_values_that_are_allowed(own, low):
    small = recipes.get("qlae", num_values=own)  # 1 value is not allowed
    assert space.ranges_of(small, ["num_values"])["num_values"][0] == low
