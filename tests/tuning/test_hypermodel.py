"""What a trial is, and what it is scored with."""

import json
import re

import keras
import keras_tuner
import pytest

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae import tuning
from keras_qlae.tuning.scoring import logged_names
from tests.tuning.small import SETTINGS
from tests.tuning.small import gan_hypermodel
from tests.tuning.small import hypermodel
from tests.tuning.small import only_once


def values(**given):
    hp = keras_tuner.HyperParameters()
    hp.values = given
    return hp


def test_trial_has_the_values_of_the_tuner():
    model = hypermodel()
    hp = values(weight_decay=0.25, num_values=7)
    built = model.build(hp)
    assert built.optimizer.decay == 0.25
    assert built.latent.num_values == 7
    assert model.recipe_of(values(decay="none")).weight_decay == 0
    assert {h.name for h in hp.space} == {"decay", "weight_decay", "num_values"}


def test_every_setting_can_be_searched():
    model = hypermodel(search=tuning.SPACE)
    given = {
        "weight_decay": 0.01,
        "num_values": 5,
        "learning_rate": 1e-3,
        "num_latents": 7,
        "quantization_weight": 0.02,
        "commitment_weight": 0.03,
    }
    recipe = model.recipe_of(values(**given))
    assert {name: getattr(recipe, name) for name in given} == given


def test_baseline_has_the_recipes_own_values(tmp_path):
    model = hypermodel(search=["weight_decay", "commitment_weight"])
    rows = tuning.search(model, tmp_path / "search", max_trials=1, verbose=0)
    assert rows[0]["weight_decay"] == 0
    assert rows[0]["commitment_weight"] == 0.01


def test_baseline_keeps_the_recipes_values_outside_the_ranges(tmp_path):
    searched = {
        "weight_decay": (0.001, 1),
        "num_values": (5, 8),
        "num_latents": (2, 4),
    }
    model = hypermodel(changed={"num_latents": 0}, search=searched)
    (row,) = tuning.search(model, tmp_path / "search", max_trials=1, verbose=0)
    assert row["num_values"] == 4
    assert row["num_latents"] == 12  # twice the factors of room3d
    best = runs.RunDirectory(tmp_path / "search" / "best")
    assert len(json.loads(best.scores.read_text())["active"]) == 12


def test_config_of_a_trial_has_the_steps_that_ran(tmp_path):
    model = hypermodel()
    model.trial_directory = tmp_path
    hp = values(weight_decay=0.1, num_values=4)
    model.fit(hp, model.build(hp), epochs=1)  # Hyperband's first round
    config = runs.RunDirectory(tmp_path / "run").read_config()
    assert config["settings"]["steps"] == 2  # of the recipe's 4


def test_several_objectives_are_a_weighted_sum():
    model = hypermodel(objective={"val_infom": 1.0, "val_psnr": 0.02})
    hp = values(weight_decay=0.1, num_values=4)
    logs = model.fit(hp, model.build(hp))
    assert model.objective.name == "val_score"
    expected = logs["val_infom"] + 0.02 * logs["val_psnr"]
    assert logs["val_score"] == pytest.approx(expected)


def test_score_is_that_of_the_last_epoch(tmp_path):
    model = hypermodel()
    model.trial_directory = tmp_path
    hp = values(weight_decay=0.1, num_values=4)
    logs = model.fit(hp, model.build(hp))
    columns = runs.RunDirectory(tmp_path / "run").read_metrics()
    assert columns["step"] == [2, 4]
    assert logs["val_infom"] == columns["val_infom"][-1]
    loaded = keras.saving.load_model(tmp_path / "run" / "model.keras")
    assert loaded.optimizer.decay == 0.1


@only_once
@pytest.mark.parametrize("make", [hypermodel, gan_hypermodel])
def test_every_name_an_objective_may_have_is_logged(make):
    model = make()
    hp = values(weight_decay=0.1, num_values=4)
    built = model.build(hp)
    logs = model.fit(hp, built)
    assert set(logs) == {*logged_names(built), "epoch", "step", "val_score"}


@pytest.mark.slow
def test_gan_is_tuned_for_infom_and_reconstruction(tmp_path):
    model = gan_hypermodel(objective={"val_infom": 1.0, "val_psnr": 0.02})
    path = tmp_path / "search"
    (row,) = tuning.search(model, path, max_trials=1, verbose=0)
    scores = json.loads((path / "best" / "infomec.json").read_text())
    assert row["val_psnr"] == pytest.approx(scores["psnr"], abs=1e-3)
    expected = scores["infom"] + 0.02 * scores["psnr"]
    assert row["score"] == pytest.approx(expected, abs=1e-4)


def test_gan_that_diverges_is_told_at_its_step():
    model = gan_hypermodel(changed={"learning_rate": 1e30})
    hp = values(weight_decay=0.1, num_values=4)
    with pytest.raises(keras_tuner.errors.FailedTrialError) as told:
        model.fit(hp, model.build(hp))
    step = re.search(r"at step (\d+)", str(told.value))
    assert int(step.group(1)) in (2, 4)  # two critic steps a batch


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search": ["wheight_decay"]}, "Received: wheight_decay"),
        ({"search": []}, "Received: none"),
        ({"search": {"weight_decay": (0, 1)}}, r"Received: \(0, 1\)"),
        ({"search": {"num_values": (1, 4)}}, "`num_values` must be at least 2"),
        ({"objective": {}}, "at least one value"),
        ({"objective": "val_infomm"}, "active_latents. Received: val_infomm"),
        ({"dataset": "room4d"}, "Available: room3d"),
    ],
)
def test_mistakes_are_told(settings, message):
    with pytest.raises(ValueError, match=message):
        hypermodel(**settings)


def test_a_trial_needs_an_epoch():
    recipe = recipes.get("qlae", **{**SETTINGS, "steps": 1})
    with pytest.raises(ValueError, match="at least one epoch"):
        tuning.QLAEHyperModel(recipe)
