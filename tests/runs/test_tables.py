"""Scores and settings as rows of text."""

import pytest

from keras_qlae import recipes
from keras_qlae.metrics import VARIANTS
from keras_qlae.runs import RunDirectory
from keras_qlae.runs.exploring import _sections
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import Scores
from keras_qlae.runs.tables import latent_titles
from keras_qlae.runs.tables import score_rows
from keras_qlae.runs.tables import setting_rows
from keras_qlae.runs.tables import variants

pytestmark = pytest.mark.one_backend


def config(recipe, name=None):
    return Configuration(
        format=2,
        recipe=name or recipe.name,
        dataset="room3d",
        seed=0,
        backend="jax",
        precision="float32",
        settings=recipe.to_dict(),
    )


def test_a_latent_is_named_after_the_factor_it_depends_on():
    scores = Scores(
        num_samples=9,
        psnr=1.0,
        infom=0.5,
        infoe=0.5,
        infoc=0.5,
        num_active=3,
        active=[True, True, True, False],
        factor_names=["colour", "size"],
        nmi=[[0.02, 0.9, 0.1, 0.7], [0.03, 0.1, 0.2, 0.0]],
    )
    assert latent_titles(scores) == ["", "colour", "size", ""]


def test_only_settings_of_the_run_are_marked():
    recipe = recipes.get(
        "qlae",
        steps=7,
        latent="FiniteScalarQuantizer",
        penalties=["DIPCovariance"],
    )
    marked = [row for row in setting_rows(config(recipe)) if row[3]]
    assert marked == [
        ("latent", "", "FiniteScalarQuantizer", "ScalarCodebookQuantizer"),
        ("", "steps", "7", "20000"),
    ]
    plain = setting_rows(config(recipes.get("qlae")))
    assert not [row for row in plain if row[3]]
    assert ("", "steps", "20000", "") in plain


def test_no_setting_of_an_unknown_recipe_is_marked():
    rows = setting_rows(config(recipes.get("qlae", steps=7), "mine"))
    assert ("", "steps", "7", "") in rows
    assert not [row for row in rows if row[3]]


ALL = {name: 0.5 for name in VARIANTS if not name.startswith("Info")}
SCORES = Scores(
    num_samples=10,
    psnr=20.0,
    infom=0.1,
    infoe=0.2,
    infoc=0.3,
    num_active=1,
    active=[True],
    factor_names=["colour"],
    nmi=[[0.5]],
    others={**ALL, "SSIM": 0.9},
)


def scored(**scoring):
    return config(recipes.get("qlae")).model_copy(
        update={"settings": {"scoring": scoring}}
    )


def test_every_score_is_named_with_its_variant():
    assert variants(SCORES, scored()) == VARIANTS
    names = [name for name, _, _ in score_rows(SCORES)]
    assert set(VARIANTS) <= set(names)


def test_a_score_of_ones_own_has_no_variant_of_the_package():
    found = variants(SCORES, scored(metrics=["mine:MCC", "mine:R2"]))
    assert set(VARIANTS) - set(found) == {"MCC", "R2"}


def test_without_factors_there_is_nothing_to_name():
    assert variants(Scores(num_samples=1, psnr=9.0), scored()) == {}


def test_the_page_names_them_too(tmp_path):
    run = RunDirectory(tmp_path)
    scored().write(run.config)
    SCORES.write(run.scores)
    run.write_metrics([{"epoch": 1.0, "step": 2.0, "loss": 0.5}])
    text = {each.title: each.html for each in _sections(run)}["Scores"]
    assert f">{VARIANTS['MCC']}</td>" in text
