"""Searches: their files, a second call, and what stops them."""

import csv
import functools
import json
import shutil

import keras
import keras_tuner
import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae import tuning
from keras_qlae.files import locked
from keras_qlae.tuning.record import Record
from tests.cases import slow
from tests.tuning.small import recipe
from tests.tuning.small import search

pytestmark = pytest.mark.backend_free


@pytest.fixture
def finished(whole_search, tmp_path):
    """A copy of a search of two trials, and its rows."""
    path = tmp_path / "search"
    shutil.copytree(whole_search[0], path)
    return path, whole_search[1]


@pytest.fixture
def no_training(monkeypatch):
    """Fails a test that trains."""

    def refuse(*args, **kwargs):
        pytest.fail("a trial was begun")

    monkeypatch.setattr(runs, "train", refuse)


def trained(path):
    """When each model of a search was written."""
    models = sorted(path.glob("trials/*/model.keras"))
    return {model.parent.name: model.stat().st_mtime_ns for model in models}


def test_leaves_table_figures_and_the_best_run(whole_search):
    path, rows = whole_search
    assert [row["status"] for row in rows] == ["COMPLETED"] * 2
    assert rows[0]["score"] >= rows[1]["score"]
    by_trial = {row["trial"]: row for row in rows}
    assert by_trial[0]["weight_decay"] == 0  # the baseline
    assert by_trial[0]["num_values"] == 4
    assert 1e-3 <= by_trial[1]["weight_decay"] <= 1
    with (path / "results.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [float(r["score"]) for r in table] == [r["score"] for r in rows]
    figures = {p.stem for p in (path / "figures").iterdir()}
    assert figures == {"objective", "parallel_coordinates"}
    best = runs.RunDirectory(path / "best")
    assert best.is_finished
    assert (best.path / "figures" / "reconstructions.png").exists()
    decay = best.read_config().setting("optimizer", "weight_decay")
    assert decay == rows[0]["weight_decay"]
    assert best.read_scores().infom == pytest.approx(rows[0]["score"], abs=1e-6)


def test_a_trial_is_a_run_and_its_score_that_of_the_last_epoch(whole_search):
    path, rows = whole_search
    for row in rows:
        run = runs.RunDirectory(path / "trials" / f"trial-{row['trial']:02d}")
        columns = run.read_metrics()
        assert columns["step"] == [2, 4]
        assert row["score"] == columns["val_infom"][-1]
        assert row["val_psnr"] == columns["val_psnr"][-1]
        assert run.codebooks.exists()


def test_a_finished_search_does_nothing_but_report_it(
    finished, no_training, capsys
):
    path, rows = finished
    (path / "best" / "note.txt").write_text("mine")
    before = (path / "results.csv").read_bytes()
    assert tuning.search(recipe(), path, max_trials=2) == rows
    assert "is a finished search of 2 trials" in capsys.readouterr().out
    assert (path / "best" / "note.txt").read_text() == "mine"
    assert (path / "results.csv").read_bytes() == before


def test_a_trial_is_announced_with_all_searched_settings(finished, capsys):
    path, rows = finished
    interrupted(path, 0)
    assert tuning.search(recipe(), path, max_trials=2) == rows
    printed = capsys.readouterr().out
    assert "Trial 0 (baseline): weight_decay 0, num_values 4\n" in printed


def test_more_trials_continue_a_search_without_repeating_any(finished):
    path, _ = finished
    before = trained(path)
    shutil.rmtree(path / "trials" / "trial-01")  # of a trial that has ended
    more = search(path, trials=3)
    assert len(more) == 3
    after = trained(path)
    assert set(after) == {"trial-00", "trial-02"}
    assert after["trial-00"] == before["trial-00"]


def interrupted(path, trial):
    """Makes a search forget how a trial ended, as a kill would."""
    record = Record.read(path / "search.json")
    kept = [
        each
        for each in record.events
        if each.event == "asked" or each.trial != trial
    ]
    record.model_copy(update={"events": kept}).write(path / "search.json")


def test_a_trial_that_was_not_noted_is_not_trained_again(finished):
    path, rows = finished
    before = trained(path)
    interrupted(path, 1)
    assert search(path) == rows
    assert trained(path) == before


@pytest.mark.parametrize(
    "damage", ["gone", *slow("config", "checkpoint", "link")]
)
def test_a_damaged_trial_that_has_not_ended_starts_again(
    finished, damage, tmp_path
):
    path, rows = finished
    interrupted(path, 1)
    trial = path / "trials" / "trial-01"
    if damage == "config":
        (trial / "config.json").write_text("{")
    elif damage == "checkpoint":
        (trial / "report.md").unlink()
        for folder in (trial / "checkpoint").iterdir():
            (folder / "state.json").write_text("{}")
    else:
        shutil.rmtree(trial)
    elsewhere = tmp_path / "elsewhere"
    if damage == "link":
        elsewhere.mkdir()
        trial.symlink_to(elsewhere)
    assert search(path) == rows
    assert not elsewhere.exists() or not list(elsewhere.iterdir())


def test_refuses_files_of_another_search(finished, no_training, tmp_path):
    path, _ = finished
    with pytest.raises(ValueError, match=r"ranges: .* there, .* asked for"):
        search(path, ranges={"weight_decay": (0.01, 1)})
    with pytest.raises(ValueError, match="algorithm: random there, bayesian"):
        search(path, algorithm="bayesian")
    with pytest.raises(ValueError, match=r"steps: 4 there, 6 asked for"):
        search(path, changed={"steps": 6})
    with pytest.raises(ValueError, match="seed: 0 there, 1 asked for"):
        search(path, seed=1)
    (path / "search.json").write_text("{}")
    with pytest.raises(ValueError, match=r"search\.json is damaged"):
        search(path)
    (path / "search.json").unlink()
    with pytest.raises(ValueError, match="not empty and has no search"):
        search(path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "trials").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="is a link"):
        search(tmp_path / "other")


def test_one_process_at_a_time(tmp_path, no_training):
    with (
        locked(tmp_path, ""),
        pytest.raises(RuntimeError, match="Another process is using"),
    ):
        search(tmp_path)


def test_best_does_not_replace_the_files_of_others(finished):
    path, _ = finished
    shutil.rmtree(path / "best")
    shutil.copytree(path / "trials" / "trial-00" / "figures", path / "best")
    with pytest.raises(ValueError, match="was not written by this search"):
        search(path, trials=3)
    assert not (path / "trials" / "trial-02").exists()
    assert (path / "best" / "nmi.png").exists()


def test_a_better_trial_replaces_the_best(finished, monkeypatch):
    path, _ = finished
    before = Record.read(path / "search.json").best
    weights = {"val_loss": -1.0}
    monkeypatch.setattr(
        "keras_qlae.tuning.objective.score_of",
        lambda _, logged: 1.0 + weights["val_loss"] * logged["val_loss"],
    )
    rows = search(path, trials=3)
    assert rows[0]["trial"] == 2 != before
    best = runs.RunDirectory(path / "best").read_config()
    assert best == runs.RunDirectory(path / "trials/trial-02").read_config()


def failing(error, times, train=runs.train):
    """`runs.train` that fails the first times it is called."""
    calls = []

    @functools.wraps(train)
    def call(*args, **kwargs):
        calls.append(1)
        if len(calls) in times:
            raise error
        return train(*args, **kwargs)

    return call


def test_a_loss_that_is_not_finite_fails_a_trial_for_good(
    tmp_path, monkeypatch
):
    error = FloatingPointError("`loss` is nan at step 3")
    monkeypatch.setattr(runs, "train", failing(error, {2}))
    rows = search(tmp_path / "search")
    assert [row["status"] for row in rows] == ["COMPLETED", "FAILED"]
    told = Record.read(tmp_path / "search" / "search.json").told[1]
    assert told.message == "`loss` is nan at step 3"
    monkeypatch.setattr(runs, "train", failing(error, {1}))
    assert search(tmp_path / "search") == rows


def test_a_full_disk_stops_the_search_and_fails_no_trial(tmp_path, monkeypatch):
    full = OSError(28, "No space left on the disk")
    with monkeypatch.context() as patch:
        patch.setattr(runs, "train", failing(full, {2}))
        with pytest.raises(OSError, match="No space left"):
            search(tmp_path / "search")
    record = Record.read(tmp_path / "search" / "search.json")
    assert [asked.trial for asked in record.unfinished] == [1]
    rows = search(tmp_path / "search")
    assert [row["status"] for row in rows] == ["COMPLETED"] * 2


def test_three_failures_in_a_row_stop_it_and_the_next_call_resumes(
    tmp_path, monkeypatch
):
    error = FloatingPointError("`loss` is inf")
    path = tmp_path / "search"
    with monkeypatch.context() as patch:
        patch.setattr(runs, "train", failing(error, {2, 3, 4}))
        with pytest.raises(RuntimeError, match="3 trials in a row") as told:
            search(path, trials=5)
    assert str(told.value).endswith("`loss` is inf")
    assert len((path / "results.csv").read_text().splitlines()) == 5
    states = [row["status"] for row in search(path, trials=5)]
    assert states == ["COMPLETED"] * 2 + ["FAILED"] * 3


def test_a_search_in_which_nothing_succeeds_is_an_error(tmp_path, monkeypatch):
    error = ValueError("no decoder makes it")
    monkeypatch.setattr(runs, "train", failing(error, {1, 2}))
    with pytest.raises(RuntimeError, match="No trial succeeded"):
        search(tmp_path / "search")
    assert not (tmp_path / "search" / "best").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": {}}, "at least one logged value"),
        ({"objective": {"val_infom": float("nan")}}, "finite weights"),
        ({"objective": "val_infomm"}, "val_active_latents. Received"),
        ({"dataset": "room4d"}, "Available: arm3d, room3d"),
        ({"algorithm": "grid"}, "Received: algorithm='grid'"),
        ({"trials": 0}, "`max_trials` must be at least 1"),
        ({"parallel": 0}, "`jobs` must be at least 1"),
        (
            {"algorithm": "hyperband", "changed": {"steps": 1}},
            "at least one epoch",
        ),
        ({"algorithm": "hyperband", "ranges": ["steps"]}, "sets `steps`"),
    ],
)
def test_mistakes_are_reported_before_any_training(
    settings, message, tmp_path, no_training
):
    with pytest.raises(ValueError, match=message):
        search(tmp_path / "search", **settings)
    assert not list(tmp_path.rglob("*.json"))


def test_images_without_factors_are_searched_by_psnr(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    data = datasets.from_arrays(images, name="noise")
    path = tmp_path / "search"
    with pytest.raises(ValueError, match="--objective val_psnr"):
        search(path, dataset=data)
    with pytest.raises(ValueError, match="must be a name if trials run in"):
        search(path, dataset=data, parallel=2)
    changed = {"num_scored": 12}
    (row,) = search(path, 1, changed, dataset=data, objective="val_psnr")
    assert row["score"] == row["val_psnr"] > 0


def test_the_size_of_images_that_have_one_is_not_searched(
    tmp_path, no_training
):
    for data in ("sprites2d", np.zeros((60, 8, 8, 1), np.uint8)):
        with pytest.raises(ValueError, match="have one size"):
            search(tmp_path, dataset=data, ranges={"image_size": (8, 16)})


def test_trials_have_callbacks_by_name(tmp_path):
    own = keras.callbacks.LambdaCallback()
    with pytest.raises(ValueError, match=r"must be names.*LambdaCallback"):
        search(tmp_path, callbacks=[own])
    assert not list(tmp_path.iterdir())
    watch = f"{__name__}:Watch"
    search(tmp_path, trials=1, callbacks=[watch])
    trial = tmp_path / "trials" / "trial-00"
    assert (trial / "seen.txt").read_text() == "0\n1\n"
    (trial / "trackers.json").write_text("{}")
    shutil.rmtree(tmp_path / "best")
    search(tmp_path, trials=1)
    assert (tmp_path / "best" / "seen.txt").exists()
    assert not (tmp_path / "best" / "trackers.json").exists()


class Watch(keras.callbacks.Callback):
    """Writes the epochs that it has seen into the run."""

    def __init__(self, directory):
        super().__init__()
        self.path = directory / "seen.txt"

    def on_epoch_end(self, epoch, logs=None):
        with self.path.open("a") as file:
            file.write(f"{epoch}\n")


def test_several_objectives_are_a_weighted_sum(tmp_path):
    weights = {"val_infom": 1.0, "val_psnr": 0.02, "val_loss": -0.1}
    (row,) = search(tmp_path / "search", trials=1, objective=weights)
    expected = sum(weight * row[name] for name, weight in weights.items())
    assert row["score"] == pytest.approx(expected)


def test_baseline_has_the_recipes_own_values(tmp_path):
    ranges = {"weight_decay": (0.001, 1), "num_values": (5, 8)}
    ranges["num_latents"] = (2, 4)
    changed = {"num_latents": None}
    (row,) = search(
        tmp_path / "search", trials=1, changed=changed, ranges=ranges
    )
    assert row["weight_decay"] == 0
    assert row["num_values"] == 4  # outside the range
    assert row["num_latents"] == 12  # twice the factors of room3d
    best = runs.RunDirectory(tmp_path / "search" / "best")
    assert len(best.read_scores().active) == 12


@pytest.mark.slow
def test_hyperband_continues_runs_of_its_last_round(tmp_path):
    # Three epochs: a bracket of 1 and then 3, and one of 3.
    path = tmp_path / "search"
    rows = search(
        path,
        changed={"steps": 6, "schedule": None},
        algorithm="hyperband",
        objective="val_psnr",
    )
    assert {row["status"] for row in rows} == {"COMPLETED"}
    assert {row.get("epochs") for row in rows} == {None, 1, 3}
    record = Record.read(path / "search.json")
    on = [a for a in record.asked if "tuner/trial_id" in a.values]
    assert on
    for asked in on:
        source = int(asked.values["tuner/trial_id"]) + 1
        short, long = (
            runs.RunDirectory(path / "trials" / f"trial-{k:02d}").read_metrics()
            for k in (source, asked.trial)
        )
        assert short["step"] == [2]
        assert long["step"] == [2, 4, 6]
        assert long["loss"][0] == short["loss"][0]


@pytest.mark.slow
@pytest.mark.parametrize("name", recipes.available())
def test_every_recipe_searches(name, tmp_path):
    small = recipe(name, size="tiny", steps=1, steps_per_epoch=1, batch_size=10)
    if small.penalties:  # the small decoder has two stages to tap
        small = small.override(taps=["cond", "block0", "block1"])
    data = "room3d"
    if name.endswith("-vectors"):
        rng = np.random.default_rng(0)
        data = rng.normal(size=(500, 5)), rng.integers(0, 3, (500, 2))
    rows = tuning.search(small, tmp_path, data, max_trials=2, verbose=0)
    assert [row["status"] for row in rows] == ["COMPLETED"] * 2
    record = Record.read(tmp_path / "search.json")
    searched = record.asked[1].values
    config = runs.RunDirectory(tmp_path / "trials" / "trial-01").read_config()
    for name, value in searched.items():
        seats = {s.rpartition(".")[0] for s in small.full_names(name)}
        for seat in seats:
            found = config.setting(seat, name.rpartition(".")[2])
            assert found == value


def test_its_model_works_in_any_tuner(tmp_path):
    hypermodel = tuning.QLAEHyperModel(
        recipe(),
        objective={"val_infom": 1, "val_psnr": 0.02},
        directory=tmp_path / "runs",
    )
    tuner = keras_tuner.RandomSearch(
        hypermodel,
        objective=hypermodel.objective,
        max_trials=1,
        directory=tmp_path / "tuner",
    )
    tuner.search(verbose=0)
    (trial,) = tuner.oracle.get_best_trials()
    run = runs.RunDirectory(tmp_path / "runs" / "trial-00")
    last = {name: values[-1] for name, values in run.read_metrics().items()}
    expected = last["val_infom"] + 0.02 * last["val_psnr"]
    assert trial.score == pytest.approx(expected)
    values = trial.hyperparameters.values
    model = hypermodel.build(trial.hyperparameters)
    assert model.optimizer.decay == values["weight_decay"]
    assert run.read_config().setting("latent", "num_values") == int(
        values["num_values"]
    )
    rows = json.loads((run.path / "config.json").read_text())
    assert rows["settings"]["training"]["steps"] == 4
