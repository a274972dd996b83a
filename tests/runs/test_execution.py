"""Runs as tasks: in this process, in one of their own, ended with it."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future

import keras
import pytest

from keras_qlae import recipes
from keras_qlae.runs import execution
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.execution import Jobs
from keras_qlae.runs.execution import Outcome
from keras_qlae.runs.execution import Task
from keras_qlae.runs.execution import execute_apart

pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.usefixtures("light_processes"),
]

SETTINGS = {
    "image_size": 8,
    "steps": 2,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "num_scored": 100,
    "num_latents": 3,
}


def task_of(path, **changed):
    recipe = recipes.get("ae", "", SETTINGS | changed)
    return Task.of(path, recipe, "room3d", 0, "float32")


def test_a_task_is_plain_data(tmp_path):
    task = task_of(tmp_path)
    text = json.dumps(vars(task))
    again = Task(**json.loads(text))
    assert again == task
    expected = recipes.get("ae", "", SETTINGS)
    assert again.to_recipe().to_dict() == expected.to_dict()
    config = again.describe()
    assert config.fingerprint is None  # nothing was loaded
    assert config.rotate is None


@pytest.mark.slow
def test_a_run_that_cannot_be_built_has_its_own_exit_code(tmp_path):
    log = tmp_path / "logs" / "run.log"
    task = task_of(tmp_path / "run", image_size=17)
    outcome = execute_apart(task, str(log), {})
    assert outcome.code == execution.UNUSABLE
    assert "image" in outcome.last_lines[-1]
    assert "Traceback" in log.read_text()


CALLER = """
import json, sys
from keras_qlae.runs.execution import Task, execute_apart
task = Task(**json.load(open(sys.argv[1])))
execute_apart(task, sys.argv[2], {})
"""


@pytest.mark.slow
def test_a_run_ends_with_the_process_that_began_it(tmp_path):
    task = task_of(tmp_path / "run", steps=10_000_000)
    (tmp_path / "task.json").write_text(json.dumps(vars(task)))
    log = tmp_path / "run.log"
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, tmp_path / "task.json", log]
    )
    while not (tmp_path / "run" / "metrics.csv").exists():
        assert caller.poll() is None
        time.sleep(0.1)
    caller.kill()
    assert caller.wait() == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with RunDirectory(tmp_path / "run").locked():
                return
        except RuntimeError:
            time.sleep(0.1)
    pytest.fail("the run goes on without its caller")


@pytest.mark.slow
def test_jobs_end_the_processes_that_they_started(tmp_path):
    task = task_of(tmp_path / "run", steps=10_000_000)
    with Jobs(1) as jobs:
        future = jobs.begin(task, tmp_path / "run.log")
        assert not jobs.is_free
        assert not jobs.ended(0.1)
        while not (tmp_path / "run" / "metrics.csv").exists():
            assert not future.done(), future.result()
            time.sleep(0.1)
    assert future.result().code
    with RunDirectory(tmp_path / "run").locked():
        pass


class Recorder(execution.Executor):
    """Records the tasks that it gets, and does them at once."""

    def __init__(self):
        self.environments = []

    def submit(self, function, task, log, environment):
        assert function is execute_apart
        self.environments.append(environment)
        future = Future()
        future.set_result(Outcome(0, []))
        return future


def variables(monkeypatch, tmp_path, number, executor=None):
    """The environment of each of several jobs on this machine."""
    recorder = Recorder()
    if executor is None:
        monkeypatch.setattr(execution, "local_executor", lambda _: recorder)
        recorder.shutdown = lambda: None
    with Jobs(number, executor) as jobs:
        for _ in range(number):
            jobs.begin(task_of(tmp_path), tmp_path / "log")
        assert not jobs.is_free
        assert len(jobs.ended()) == number
        assert jobs.is_free
    return (executor or recorder).environments


def test_jobs_share_the_cores_and_get_a_gpu_each(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    first, second = variables(monkeypatch, tmp_path, 2)
    assert first["CUDA_VISIBLE_DEVICES"] == "4"
    assert second["CUDA_VISIBLE_DEVICES"] == "7"
    assert first["OMP_NUM_THREADS"] == "4"
    assert first["KERAS_BACKEND"] == keras.backend.backend()
    assert "XLA_PYTHON_CLIENT_PREALLOCATE" not in first
    shared = variables(monkeypatch, tmp_path, 4)
    assert [each["CUDA_VISIBLE_DEVICES"] for each in shared] == list("4747")
    assert shared[0]["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert shared[0]["OMP_NUM_THREADS"] == "2"


def test_one_job_and_other_machines_are_left_as_they_are(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    names = {"KERAS_BACKEND", "PYTHONUNBUFFERED"}
    assert set(variables(monkeypatch, tmp_path, 1)[0]) == names
    elsewhere = variables(monkeypatch, tmp_path, 3, Recorder())
    assert [set(each) for each in elsewhere] == [names] * 3


def test_gpus_are_listed_without_a_framework(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 0\necho 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = variables(monkeypatch, tmp_path, 2)
    assert [each["CUDA_VISIBLE_DEVICES"] for each in found] == ["0", "1"]


def test_a_process_that_only_plans_does_not_use_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
    with execution.without_gpus():
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with execution.without_gpus():
        pass
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_cluster_needs_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install keras-qlae\[cluster\]"):
        execution.cluster_executor("tcp://127.0.0.1:8786")


class Unlucky(Recorder):
    """Loses the tasks that it gets."""

    def submit(self, *arguments):
        future = Future()
        future.set_exception(self.error)
        return future


def test_a_task_that_an_executor_loses_has_failed(tmp_path):
    lost = Unlucky()
    lost.error = RuntimeError("the worker died")
    with Jobs(1, lost) as jobs:
        begun = jobs.begin(task_of(tmp_path), tmp_path / "log")
        [(future, outcome)] = jobs.ended()
    assert future is begun
    assert outcome == (1, ["RuntimeError: the worker died"])
    lost.error = OSError(28, "No space left")
    with Jobs(1, lost) as jobs:
        jobs.begin(task_of(tmp_path), tmp_path / "log")
        with pytest.raises(OSError, match="No space left"):
            jobs.ended()


def test_an_outcome_in_words():
    assert Outcome(1, []).how == "exit code 1"
    assert Outcome(-9, []).how == "signal SIGKILL"
    assert Outcome(-99, []).how == "signal 99"
