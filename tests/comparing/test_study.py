"""Studies from names and from TOML, and errors."""

import pytest

from keras_qlae import recipes
from keras_qlae.comparing import Study
from keras_qlae.comparing import contender_of
from keras_qlae.comparing import read_study

pytestmark = pytest.mark.backend_free

WHOLE = """
datasets = ["room3d", "sprites2d"]
seeds = [0, 3]
[settings]
steps = 600
learning_rate = 1
[models.qlae]
[models."QLAE, shared codebook"]
recipe = "qlae"
steps = 700
[models."QLAE, shared codebook".latent]
shared = true
[models.ae-ica]
title = "AE + ICA"
[models.rotated]
recipe = "beta-vae"
rotate = "ica"
"""


@pytest.fixture
def read(tmp_path):
    def read(text, **settings):
        path = tmp_path / "study.toml"
        path.write_text(text)
        return read_study(path, settings)

    return read


def test_reads_a_study(read):
    study = read(WHOLE, batch_size=16)
    assert study.datasets == ["room3d", "sprites2d"]
    assert study.seeds == [0, 3]
    qlae, shared, ica, rotated = study.contenders
    every = {"learning_rate": 1.0, "batch_size": 16}
    given = every | {"steps": 600}
    assert qlae.recipe_for("room3d") == recipes.get("qlae", **given)
    assert shared.recipe_for("room3d") == recipes.get(
        "qlae", **every, steps=700, shared=True
    )
    assert shared.folder == "qlae-shared-codebook"
    assert shared.shown == "QLAE, shared codebook"
    assert (ica.recipe, ica.rotate, ica.folder) == ("ae", "ica", "ae-ica")
    assert ica.shown == "AE + ICA"
    assert (rotated.recipe, rotated.rotate) == ("beta-vae", "ica")


def test_data_set_and_seed_have_defaults(read):
    study = read("[models.qlae]")
    assert (study.datasets, study.seeds) == (["room3d"], [0])


def test_given_settings_are_stronger_than_the_files(read):
    [model] = read("[models.qlae]\nsteps = 7", steps=5).contenders
    assert model.recipe_for("room3d").value("steps") == 5


def test_a_support_is_a_setting_like_any_other(read):
    text = '[settings]\nsupport = "corner:6"\n[models.qlae]\n[models.ae]'
    for model in read(text, scored_support="full").contenders:
        recipe = model.recipe_for("room3d")
        assert recipe.training.support == "corner:6"
        assert recipe.scoring.scored_support == "full"
    with pytest.raises(
        ValueError, match=r"\[settings\].*Did you mean 'corner'"
    ):
        read('[settings]\nsupport = "corne:6"\n[models.qlae]')


@pytest.mark.parametrize("form", ["steps", "training.steps", "training"])
def test_settings_have_one_strength_in_any_form(read, form):
    """Flat, with the seat, and as a table of the seat."""
    value = {"steps": 5} if form == "training" else 5
    text = "[settings.training]\nsteps = 9\n[models.qlae]\nsteps = 7"
    [model] = read(text).contenders
    assert model.recipe_for("").value("steps") == 7
    [model] = read(text, **{form: value}).contenders
    assert model.recipe_for("").value("steps") == 5


def test_settings_of_all_go_to_those_that_have_them(read):
    text = "[settings]\nkl_weight = 2\n[models.qlae]\n[models.beta-vae]"
    qlae, vae = read(text, num_values=5).contenders
    assert qlae.recipe_for("").value("num_values") == 5
    assert vae.recipe_for("").value("kl_weight") == 2.0
    with pytest.raises(recipes.SettingError, match="No model has"):
        read(text, total_correlation_weight=1.0)


def test_parts_are_chosen_in_every_form(read):
    text = (
        "[models.a]\nrecipe = 'ae'\nlatent = 'GaussianLatent'\nkl_weight = 2\n"
        "[models.b]\nrecipe = 'ae'\n"
        "[models.b.latent]\npart = 'GaussianLatent'\nkl_weight = 2\n"
        "[models.c]\nrecipe = 'ae'\n"
    )
    a, b, c = read(text).contenders
    assert a.recipe_for("") == b.recipe_for("")
    assert c.recipe_for("").part("latent").name == "ContinuousLatent"
    given = {"latent": "GaussianLatent", "kl_weight": 2}
    for model in read(text, **given).contenders:
        assert model.recipe_for("") == a.recipe_for("")


def test_paper_settings_are_those_of_each_data_set():
    paper = contender_of("beta-vae-paper", {})
    assert paper.recipe_for("mpi3d").value("kl_weight") == 0.1
    assert paper.recipe_for("room3d").value("kl_weight") == 3.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models = [", "is not a TOML file"),
        ("", "at least one of its contenders"),
        ("model = 1\n[models.qlae]", "Did you mean 'models'"),
        ("datasets = []\n[models.qlae]", "at least one of its datasets"),
        ("seeds = []\n[models.qlae]", "at least one of its seeds"),
        ("seeds = [0, 0]\n[models.qlae]", "Every seed may occur once"),
        ("seeds = [-1]\n[models.qlae]", "integers from 0 to 4,294,967,295"),
        ("seeds = ['0']\n[models.qlae]", "seeds: Input should be a valid int"),
        ("seeds = 2\n[models.qlae]", "seeds: Input should be a valid list"),
        ("datasets = ['a']\n[models.qlae]", "no data set of this name"),
        ("datasets = ['room3d', 'room3d']\n[models.ae]", "data set may occur"),
        ("[models.qlea]", "Did you mean 'qlae'"),
        ("[models.x]\nrecipe = 'foo'", "no recipe of this name"),
        ("[models.ae]\ntitle = 1", "valid string"),
        ("[models.ae]\nsteps = 'x'", r"study.toml, .models.ae.: `steps`"),
        ("[settings]\nsteps = 'x'\n[models.ae]", r", .settings.: `steps`"),
        ("[settings]\nstep = 1\n[models.ae]", "Did you mean 'steps'"),
        ("[models.qlae]\nstep = 3", "Did you mean 'steps'"),
        ("[models.qlae]\nreceipe = 'ae'", "Did you mean 'recipe'"),
        ("[settings]\nrecipe = 'ae'\n[models.qlae]", "No model has"),
        ("[models.qlae]\nsteps = 3.5", "`steps` must be an integer"),
        ("[models.qlae]\nshared = 2", "true or false"),
        ("[models.qlae]\nsteps = 0", "`steps` must be from 1"),
        ("[models]\nqlae = 'qlae'", "valid dictionary"),
        ("[models.ae]\nrotate = 'pca'", "must be one of ica"),
        ("[models.qlae]\nrotate = 'ica'", "latent=ScalarCodebookQuantizer"),
        ("[models.info-wgan-gp]\nrotate = 'ica'", "model=InfoWGANGP"),
        ("[models.'QLAE!']\nrecipe='qlae'\n[models.qlae]", "same folder"),
        ("[models.qlae]\ntitle='a'\n[models.ae]\ntitle='a'", "Every title"),
        ("[models.'+']\nrecipe = 'qlae'", "needs a letter"),
    ],
)
def test_errors_explain_what_is_wrong(read, text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_unknown_model_lists_the_known_and_the_way_to_describe_one():
    with pytest.raises(
        ValueError, match="ae-ica, ae-vectors-ica, qlae"
    ) as error:
        contender_of("bata-vae", {})
    assert "Did you mean 'beta-vae'" in str(error.value)
    assert "TOML" in str(error.value)


def test_same_model_twice():
    models = [contender_of("qlae", {}), contender_of("qlae", {})]
    with pytest.raises(ValueError, match="Every title may occur once"):
        Study(models)
