"""Searches: what is left, what a second call does."""

import csv
import json

import pytest

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae import tuning
from keras_qlae.tuning.attempts import Attempt
from tests.tuning.small import SETTINGS
from tests.tuning.small import hypermodel
from tests.tuning.small import only_once


def search(path, trials=2):
    return tuning.search(hypermodel(), path, max_trials=trials, verbose=0)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("tuning") / "search"
    return path, search(path)


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


class Overtaken(tuning.QLAEHyperModel):
    """Another worker begins its first trial before it is trained."""

    fits = 0

    def fit(self, hp, model, **kwargs):
        self.fits += 1
        if self.fits == 1:
            Attempt(self.trial_directory.parent)
        return super().fit(hp, model, **kwargs)


@only_once
def test_a_slow_worker_does_not_end_the_trial_of_its_successor(tmp_path):
    model = Overtaken(recipes.get("qlae", **SETTINGS))
    path = tmp_path / "search"
    (row,) = tuning.search(model, path, max_trials=1, verbose=0)
    assert model.fits == 2  # the trial was still to be ended
    assert row["status"] == "COMPLETED"
    trial = path / "trials" / "trial_0"
    assert {p.name for p in trial.iterdir()} == {"attempt", "run", "trial.json"}


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
