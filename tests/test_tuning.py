"""Searches: what a trial is, what is left, kills, several processes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import keras
import keras_tuner
import numpy as np
import pytest

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae import tuning
from keras_qlae.tuning.oracles import surviving
from tests.subprocesses import ROOT

SETTINGS = {
    "image_size": 8,
    "steps": 4,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "num_scored": 100,
    "num_latents": 3,
    "num_values": 4,
}


only_once = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="nothing in it depends on the backend",
)


def hypermodel(**settings):
    recipe = recipes.get("qlae", **SETTINGS)
    return tuning.QLAEHyperModel(recipe, **settings)


def values(**given):
    hp = keras_tuner.HyperParameters()
    hp.values = given
    return hp


def search(path, trials=2):
    return tuning.search(hypermodel(), path, max_trials=trials, verbose=0)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("tuning") / "search"
    return path, search(path)


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


def test_objective_that_is_not_logged_ends_the_search():
    model = hypermodel(objective="val_infomm")
    hp = values(weight_decay=0.1, num_values=4)
    with pytest.raises(keras_tuner.errors.FatalValueError, match="val_infom,"):
        model.fit(hp, model.build(hp))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search": ["wheight_decay"]}, "Received: wheight_decay"),
        ({"search": []}, "Received: none"),
        ({"search": {"weight_decay": (0, 1)}}, r"Received: \(0, 1\)"),
        ({"search": {"num_values": (1, 4)}}, "`num_values` must be at least 2"),
        ({"objective": {}}, "at least one value"),
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


def test_search_leaves_table_figures_and_the_best_run(finished):
    path, rows = finished
    assert [row["status"] for row in rows] == ["COMPLETED"] * 2
    assert rows[0]["score"] >= rows[1]["score"]
    by_trial = {row["trial"]: row for row in rows}
    assert by_trial["0"]["weight_decay"] == 0  # the baseline
    assert by_trial["0"]["num_values"] == 4
    assert 1e-3 <= by_trial["1"]["weight_decay"] <= 1
    with (path / "results.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [float(r["score"]) for r in table] == [r["score"] for r in rows]
    figures = {p.stem for p in (path / "figures").iterdir()}
    assert figures == {"objective", "parallel_coordinates"}
    best = runs.RunDirectory(path / "best")
    assert best.is_finished
    settings = best.read_config()["settings"]
    assert settings["weight_decay"] == rows[0]["weight_decay"]
    scores = json.loads(best.scores.read_text())
    assert scores["infom"] == pytest.approx(rows[0]["score"], abs=1e-6)


def test_second_call_repeats_nothing_and_goes_on_with_more_trials(finished):
    path, rows = finished
    models = sorted(path.glob("trials/trial_*/run/model.keras"))
    before = [model.stat().st_mtime_ns for model in models]
    assert search(path) == rows
    more = search(path, trials=3)
    assert len(more) == 3
    assert [model.stat().st_mtime_ns for model in models] == before


def test_refuses_a_directory_of_other_settings(finished):
    path, _ = finished
    with pytest.raises(ValueError, match=r"weight_decay: \[0.001, 1.0\] there"):
        tuning.search(hypermodel(search={"weight_decay": (0.01, 1)}), path)
    with pytest.raises(ValueError, match="algorithm: random there, bayesian"):
        tuning.search(hypermodel(), path, "bayesian")
    with pytest.raises(ValueError, match="Received: algorithm='grid'"):
        tuning.search(hypermodel(), path, "grid")


@pytest.mark.slow
@only_once
@pytest.mark.parametrize("algorithm", ["bayesian", "hyperband"])
def test_other_algorithms(algorithm, tmp_path):
    # Three epochs: Hyperband has a bracket of 3, and one of 1 and then 3.
    recipe = recipes.get("qlae", **{**SETTINGS, "steps": 6})
    rows = tuning.search(
        tuning.QLAEHyperModel(recipe),
        tmp_path / "search",
        algorithm,
        3,
        verbose=0,
    )
    assert {row["status"] for row in rows} == {"COMPLETED"}
    assert any(row["weight_decay"] == 0 for row in rows)
    if algorithm == "hyperband":
        assert {row.get("epochs") for row in rows} == {None, 1, 3}
    assert runs.RunDirectory(tmp_path / "search" / "best").is_finished


def oracle(folder, **settings):
    made = surviving(
        keras_tuner.oracles.RandomSearchOracle,
        folder / "trials",
        objective=keras_tuner.Objective("score", "max"),
        max_trials=3,
        seed=1,
        baseline={"decay": "none"},
        **settings,
    )
    made._set_project_dir(str(folder), "trials")
    made.verbose = 0
    hp = made.get_space()
    hp.Float("x", 0, 1)
    made.update_space(hp)
    return made


def finish(made, trial, score=1.0):
    made.update_trial(trial.trial_id, {"score": score})
    trial.status = "COMPLETED"
    made.end_trial(trial)


def test_reload_queues_what_was_running_and_keeps_what_was_finished(tmp_path):
    first = oracle(tmp_path)
    done = first.create_trial("a")
    finish(first, done)
    running = first.create_trial("a")
    # Killed after the trial was written and before the oracle was.
    state = json.loads((tmp_path / "trials" / "oracle.json").read_text())
    finish(first, running)
    (tmp_path / "trials" / "oracle.json").write_text(json.dumps(state))
    second = oracle(tmp_path)
    second.reload()
    last = second.create_trial("a")
    assert last.trial_id not in (done.trial_id, running.trial_id)
    # Killed before the oracle knew of it.
    (tmp_path / "trials" / "oracle.json").write_text(json.dumps(state))
    third = oracle(tmp_path)
    third.reload()
    assert third.create_trial("a").trial_id == last.trial_id
    assert third.create_trial("b").status == "IDLE"  # until `a` has ended


def test_a_lost_workers_trial_goes_to_another(tmp_path):
    made = oracle(tmp_path)
    lost = made.create_trial("lost")
    other = made.create_trial("other")
    alive = tmp_path / "trials" / "alive"
    alive.mkdir()
    for i in range(3):
        (alive / "other").write_text("")
        os.utime(alive / "other", (i, i))
        made.take_from_lost_workers(0.05)
        time.sleep(0.1)
    (alive / "other").touch()
    made.take_from_lost_workers(0.05)
    assert set(made.ongoing_trials) == {"other"}
    finish(made, other)
    again = made.create_trial("other")
    assert again.trial_id == lost.trial_id
    finish(made, again)
    finish(made, lost, score=5.0)  # it was only slow: too late
    assert made.get_trial(lost.trial_id).score == 1.0
    assert made.end_order.count(lost.trial_id) == 1


WORKER = """
import os, signal, sys, time
import keras_qlae
from keras_qlae import tuning
from tests import test_tuning

path, log, trials = sys.argv[1:]
me = os.environ.get("KERASTUNER_TUNER_ID", "alone")

class Logged(tuning.QLAEHyperModel):
    def fit(self, hp, model, **kwargs):
        trial = self.trial_directory.name
        with open(log, "a") as file:
            file.write(f"start {me} {trial}\\n")
        while me == "lives" and "start dies" not in open(log).read():
            time.sleep(0.1)  # or it may be done before the other begins
        result = super().fit(hp, model, **kwargs)
        if os.environ.get("DIES_IN") == trial or me == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        with open(log, "a") as file:
            file.write(f"end {me} {trial}\\n")
        return result

from keras_qlae import recipes
model = Logged(recipes.get("qlae", **test_tuning.SETTINGS))
tuning.search(model, path, max_trials=int(trials), verbose=0, patience=5.0)
"""


def start(path, log, trials, **environment):
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(path), str(log), str(trials)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def events(log, kind):
    lines = log.read_text().splitlines()
    return [line.split()[1:] for line in lines if line.startswith(kind)]


@pytest.mark.slow
@only_once
def test_killed_search_repeats_the_running_trial_only(tmp_path):
    path, log = tmp_path / "search", tmp_path / "log"
    killed = start(path, log, 3, DIES_IN="trial_1")
    killed.communicate(timeout=200)
    assert killed.returncode == -signal.SIGKILL
    again = start(path, log, 3)
    _, errors = again.communicate(timeout=200)
    assert again.returncode == 0, errors
    started = [trial for _, trial in events(log, "start")]
    assert started == ["trial_0", "trial_1", "trial_1", "trial_2"]
    assert len((path / "results.csv").read_text().splitlines()) == 4


def free_port():
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.slow
@only_once
def test_chief_and_workers_lose_no_trial_of_a_killed_worker(tmp_path):
    path, log = tmp_path / "search", tmp_path / "log"
    shared = {
        "KERASTUNER_ORACLE_IP": "127.0.0.1",
        "KERASTUNER_ORACLE_PORT": str(free_port()),
    }
    chief, dies, lives = (
        start(path, log, 4, KERASTUNER_TUNER_ID=name, **shared)
        for name in ("chief", "dies", "lives")
    )
    try:
        _, errors = chief.communicate(timeout=280)
        assert chief.returncode == 0, errors
        assert dies.wait(60) == -signal.SIGKILL
        assert lives.wait(60) == 0
    finally:
        for process in (chief, dies, lives):
            process.kill()
            process.communicate()
    ended = sorted(trial for _, trial in events(log, "end"))
    assert ended == [f"trial_{i}" for i in range(4)]  # each once, none lost
    ((_, lost),) = [
        event for event in events(log, "start") if event[0] == "dies"
    ]
    started = [trial for _, trial in events(log, "start")]
    assert started.count(lost) == 2
    assert len(started) == 5
    with (path / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["COMPLETED"] * 4
    assert np.isfinite([float(row["score"]) for row in rows]).all()
    assert runs.RunDirectory(path / "best").is_finished
