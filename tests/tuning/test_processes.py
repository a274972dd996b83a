"""Kills, and searches by several processes."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from keras_qlae import runs
from tests.subprocesses import ROOT
from tests.tuning.small import only_once

WORKER = """
import os, signal, sys, time
import keras
from keras_qlae import tuning
from tests.tuning import small

path, log, trials = sys.argv[1:]
me = os.environ.get("KERASTUNER_TUNER_ID", "alone")

class Dies(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 3:  # of 4
            with open(log, "a") as file:
                file.write(f"dies {me} after 3 steps\\n")
            os.kill(os.getpid(), signal.SIGKILL)

class Logged(tuning.QLAEHyperModel):
    def fit(self, hp, model, **kwargs):
        trial = self.trial_directory.parent.name
        with open(log, "a") as file:
            file.write(f"start {me} {trial}\\n")
        while me == "lives" and "start dies" not in open(log).read():
            time.sleep(0.1)  # or it may be done before the other begins
        while me == "waits" and not os.path.exists(log + ".go"):
            time.sleep(0.1)
        if "FAILS" in os.environ:
            raise MemoryError("no such GPU")
        if os.environ.get("DIES_IN") == trial:
            kwargs["callbacks"] = [*kwargs["callbacks"], Dies()]
        result = super().fit(hp, model, **kwargs)
        if me == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        with open(log, "a") as file:
            file.write(f"end {me} {trial}\\n")
        return result

from keras_qlae import recipes
model = Logged(recipes.get("qlae", **small.SETTINGS))
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
    assert events(log, "dies")  # in the middle of training
    again = start(path, log, 3)
    _, errors = again.communicate(timeout=200)
    assert again.returncode == 0, errors
    started = [trial for _, trial in events(log, "start")]
    assert started == ["trial_0", "trial_1", "trial_1", "trial_2"]
    assert len((path / "results.csv").read_text().splitlines()) == 4


def chief_address():
    """What tells Keras Tuner where its chief is, at a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    return {
        "KERASTUNER_ORACLE_IP": "127.0.0.1",
        "KERASTUNER_ORACLE_PORT": str(port),
    }


@pytest.mark.slow
@only_once
def test_chief_and_workers_lose_no_trial_of_a_killed_worker(tmp_path):
    path, log = tmp_path / "search", tmp_path / "log"
    shared = chief_address()
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


@pytest.mark.slow
@only_once
def test_chief_may_be_killed_while_its_worker_trains(tmp_path):
    path, log = tmp_path / "search", tmp_path / "log"
    shared = chief_address()
    processes = [
        start(path, log, 2, KERASTUNER_TUNER_ID=name, **shared)
        for name in ("chief", "waits")
    ]
    try:
        deadline = time.monotonic() + 200
        while not log.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        processes[0].kill()
        processes[0].wait()
        again = start(path, log, 2, KERASTUNER_TUNER_ID="chief", **shared)
        processes.append(again)
        (tmp_path / "log.go").touch()
        _, errors = again.communicate(timeout=280)
        assert again.returncode == 0, errors
        assert processes[1].wait(60) == 0
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    for kind in ("start", "end"):  # none was run twice
        trials = [trial for _, trial in events(log, kind)]
        assert trials == ["trial_0", "trial_1"]
    assert len((path / "results.csv").read_text().splitlines()) == 3


@pytest.mark.slow
@only_once
def test_failing_trials_end_the_search_for_chief_and_worker(tmp_path):
    path, log = tmp_path / "search", tmp_path / "log"
    shared = chief_address() | {"FAILS": "1"}
    processes = [
        start(path, log, 9, KERASTUNER_TUNER_ID=name, **shared)
        for name in ("chief", "worker")
    ]
    try:
        for process in processes:
            _, errors = process.communicate(timeout=280)
            assert process.returncode == 1
            assert "3 trials in a row failed (0, 1, 2)" in errors
            assert "MemoryError: no such GPU" in errors
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert len((path / "results.csv").read_text().splitlines()) == 4
