"""Who gets which trial: reloads, lost workers, failures."""

import json
import os
import threading
import time

import keras_tuner
import numpy as np
import pytest

from keras_qlae.tuning.oracles import surviving
from tests.tuning.small import hypermodel


def made_by(oracle_class, folder, max_trials=20, **settings):
    made = surviving(
        oracle_class,
        folder / "trials",
        objective=keras_tuner.Objective("score", "max"),
        max_trials=max_trials,
        seed=1,
        baseline={"decay": "none"},
        **settings,
    )
    made._set_project_dir(str(folder), "trials")
    made.verbose = 0
    return made


def oracle(folder, max_trials=3, **settings):
    made = made_by(
        keras_tuner.oracles.RandomSearchOracle, folder, max_trials, **settings
    )
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


def test_a_lost_worker_that_ends_first_is_believed(tmp_path):
    made = oracle(tmp_path)
    slow = made.create_trial("slow")
    for _ in range(2):
        made.take_from_lost_workers(0.01)
        time.sleep(0.02)
    assert not made.ongoing_trials
    finish(made, slow, score=5.0)  # before another took it
    assert made.get_trial(slow.trial_id).score == 5.0
    assert made.create_trial("other").trial_id != slow.trial_id


def test_a_new_chief_leaves_trials_with_the_workers_that_live(tmp_path):
    first = oracle(tmp_path, has_workers=True)
    lives, dies = first.create_trial("lives"), first.create_trial("dies")
    second = oracle(tmp_path, has_workers=True)  # the first was killed
    second.reload()
    assert second.create_trial("dies").trial_id == dies.trial_id  # came back
    third = second.create_trial("new")
    assert third.trial_id not in (lives.trial_id, dies.trial_id)
    finish(second, lives, score=5.0)
    assert second.get_trial(lives.trial_id).score == 5.0
    for _ in range(2):
        second.take_from_lost_workers(0.01)
        time.sleep(0.02)
    assert second.create_trial("lives").trial_id in (
        dies.trial_id,
        third.trial_id,
    )
    assert second.end_order == [lives.trial_id]


def fail(made, trial):
    folder = made.folder / f"trial_{trial.trial_id}"
    (folder / "error.txt").write_text("Out of memory")
    trial.status = "FAILED"
    made.end_trial(trial)


def test_three_failed_trials_in_a_row_send_all_workers_home(tmp_path):
    made = oracle(tmp_path, max_trials=9)
    busy = made.create_trial("busy")
    finish(made, made.create_trial("a"))
    for _ in range(3):
        trial = made.create_trial("a")
        assert trial.status == "RUNNING"
        fail(made, trial)
    assert made.create_trial("a").status == "STOPPED"
    finish(made, busy)
    assert made.create_trial("busy").status == "STOPPED"
    assert not made.ongoing_trials  # what lets the chief end
    assert not made.tuner_ids
    message = (made.folder / "failure.txt").read_text()
    assert "3 trials in a row failed (2, 3, 4)" in message
    assert message.endswith("Out of memory")


def test_after_three_failed_trials_a_new_search_goes_on(tmp_path):
    first = oracle(tmp_path, max_trials=9)
    for _ in range(3):
        fail(first, first.create_trial("a"))
    second = oracle(tmp_path, max_trials=9)
    second.reload()
    finish(second, second.create_trial("a"))
    fail(second, second.create_trial("a"))
    assert second.create_trial("a").status == "RUNNING"


def test_an_error_leaves_the_oracle_unlocked(tmp_path, monkeypatch):
    made = oracle(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(made, "save", full_disk)
        with pytest.raises(OSError, match="No space left"):
            made.create_trial("a")
    others = []
    thread = threading.Thread(
        target=lambda: others.append(made.create_trial("b")), daemon=True
    )
    thread.start()
    thread.join(20)
    assert [trial.status for trial in others] == ["RUNNING"]


def full_disk():
    raise OSError(28, "No space left on the disk")


def test_bayesian_search_goes_past_its_random_start(tmp_path):
    """Where the score is best at a decay of 0.1, it comes near to it."""
    model = hypermodel()
    made = made_by(keras_tuner.oracles.BayesianOptimizationOracle, tmp_path)
    hp = made.get_space()
    model.recipe_of(hp)
    hp.values["decay"] = "none"
    model.recipe_of(hp)
    made.update_space(hp)
    tried = []
    for i in range(16):
        if i == 12:  # killed
            made = made_by(
                keras_tuner.oracles.BayesianOptimizationOracle, tmp_path
            )
            made.reload()
        trial = made.create_trial("a")
        decay = model.recipe_of(trial.hyperparameters.copy()).weight_decay
        distance = abs(np.log10(decay / 0.1)) if decay else 3.0
        tried.append(distance)
        finish(made, trial, score=-distance)
    assert tried[0] == 3.0  # the baseline
    start = made.num_initial_points or 3 * len(made.get_space().space)
    assert start == 9
    assert np.mean(tried[start:]) < 0.5 * np.mean(tried[1:start])
    assert min(tried[start:]) < 0.1
