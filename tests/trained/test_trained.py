"""The trained models of the package load, and are what they say."""

import pytest

import keras_qlae
from keras_qlae import recipes
from keras_qlae import trained
from keras_qlae.metrics import infomec
from tests.cli.test_cli import call

pytestmark = pytest.mark.one_backend

LEAST_INFOM = {
    "qlae-room3d": 0.9,
    "qlae-room3d_nuisance": 0.85,
    "qlae-arm3d": 0.6,
    "qlae-sprites2d": 0.55,
}


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"mean 'qlae-room3d'.*Available: "):
        keras_qlae.load("qlea-room3d")


@pytest.mark.parametrize("name", trained.available())
def test_they_are_small_and_of_a_recipe_with_its_own_settings(name):
    run = keras_qlae.load(name)
    size = sum(path.stat().st_size for path in run.path.iterdir())
    assert size < 2_000_000
    assert name == f"{run.config.recipe}-{run.config.dataset}"
    recipe = recipes.get(run.config.recipe, run.config.dataset)
    steps = run.config.setting("training", "steps")
    every = run.config.setting("scoring", "score_every")
    settings = recipe.override({"steps": steps, "score_every": every}).to_dict()
    now = run.config.model_copy(update={"settings": settings})
    assert run.config.differences(now) == []
    assert run.step == steps >= 12_000


@pytest.mark.slow
@pytest.mark.parametrize("name", trained.available())
def test_scores_are_those_of_the_model(name):
    """Of the same 10,000 images, encoded on another backend."""
    run = keras_qlae.load(name)
    held_out = run.held_out
    factors = held_out.factors(range(len(held_out)))
    codes = run.encode(held_out.images(range(len(held_out))))
    found = infomec(factors, codes)
    assert found.infom == pytest.approx(run.scores.infom, abs=2e-3)
    assert found.infoc == pytest.approx(run.scores.infoc, abs=2e-3)
    assert run.scores.infom > LEAST_INFOM[name]
    every = range(0, len(held_out), 20)
    seen = run.model.psnr(held_out.images(every)).mean()
    assert seen == pytest.approx(run.scores.psnr, abs=0.3)


def test_a_page_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call("explore", "qlae-room3d", "--no-open")
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["qlae-room3d.html"]
    run = trained.path_of("qlae-room3d")
    assert not (run / "explorer.html").exists()
