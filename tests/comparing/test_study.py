"""Studies from names and from TOML, and what is refused."""

import pytest

from keras_qlae import recipes
from keras_qlae.comparing import Contender
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
shared_codebook = true
steps = 700
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
    assert qlae == Contender("qlae", "qlae", {"steps": 600, **every})
    assert qlae.recipe_for("room3d") == recipes.get(
        "qlae", steps=600, learning_rate=1.0, batch_size=16
    )
    assert shared.settings == {"steps": 700, "shared_codebook": True, **every}
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
    assert model.settings == {"steps": 5}


def test_paper_settings_are_those_of_each_data_set():
    paper = contender_of("beta-vae-paper", {})
    assert paper.recipe_for("mpi3d").kl_weight == 0.1
    assert paper.recipe_for("room3d").kl_weight == 3.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models = [", "is no TOML file"),
        ("", "at least one of its contenders"),
        ("model = 1\n[models.qlae]", "Did you mean 'models'"),
        ("datasets = []\n[models.qlae]", "at least one of its datasets"),
        ("seeds = []\n[models.qlae]", "at least one of its seeds"),
        ("seeds = [0, 0]\n[models.qlae]", "Every seed may be there once"),
        ("seeds = [-1]\n[models.qlae]", "integers of at least 0"),
        ("seeds = ['0']\n[models.qlae]", "seeds wants a int"),
        ("seeds = 2\n[models.qlae]", "seeds wants a list"),
        ("datasets = ['a']\n[models.qlae]", "no data set of this name"),
        ("datasets = ['room3d', 'room3d']\n[models.ae]", "data set may be"),
        ("[models.qlea]", "Did you mean 'qlae'"),
        ("[models.x]\nrecipe = 'foo'", "no recipe of this name"),
        ("[models.qlae]\nstep = 3", "Did you mean 'steps'"),
        ("[models.qlae]\nreceipe = 'ae'", "Did you mean 'recipe'"),
        ("[settings]\nrecipe = 'ae'\n[models.qlae]", "unknown key"),
        ("[models.qlae]\nsteps = 3.5", "steps wants a int"),
        ("[models.qlae]\nshared_codebook = 1", "true or false"),
        ("[models.qlae]\nsteps = true", "steps wants a int"),
        ("[models.qlae]\nsteps = 0", "`steps` must be at least 1"),
        ("[models]\nqlae = 'qlae'", "wants a table"),
        ("[models.ae]\nrotate = 'pca'", "must be one of ica"),
        ("[models.qlae]\nrotate = 'ica'", "latent='scalar_codebook'"),
        ("[models.info-wgan-gp]\nrotate = 'ica'", "model='info_wgan_gp'"),
        ("[models.'QLAE!']\nrecipe='qlae'\n[models.qlae]", "one folder"),
        ("[models.qlae]\ntitle='a'\n[models.ae]\ntitle='a'", "Every title"),
        ("[models.'+']\nrecipe = 'qlae'", "needs a letter"),
    ],
)
def test_says_what_is_wrong(read, text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_unknown_model_lists_the_known_and_the_way_to_describe_one():
    with pytest.raises(ValueError, match="ae-ica, qlae") as error:
        contender_of("bata-vae", {})
    assert "Did you mean 'beta-vae'" in str(error.value)
    assert "TOML" in str(error.value)


def test_same_model_twice():
    models = [contender_of("qlae", {}), contender_of("qlae", {})]
    with pytest.raises(ValueError, match="Every title may be there once"):
        Study(models)
