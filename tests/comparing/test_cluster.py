"""A comparison on a Dask cluster whose workers and whose client are killed."""

import json
import signal
import subprocess
import sys
import time

import pytest

from keras_qlae.comparing import Contender
from keras_qlae.comparing import Study
from keras_qlae.comparing import compare

pytestmark = [
    pytest.mark.one_backend,
    pytest.mark.slow,
    pytest.mark.usefixtures("light_processes"),
]

SETTINGS = {
    "image_size": 8,
    "steps": 6,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "num_scored": 100,
    "num_latents": 3,
}
TABLES = ("results.csv", "table.md", "table.csv", "table.tex")
MODELS = ("qlae", "ae")


class Cluster:
    """A scheduler and three workers, each a process of this machine."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.scheduler = self._begin(
            *("scheduler", "--host=127.0.0.1", "--port=0", "--no-dashboard"),
        )
        until(self.file.exists)
        self.address = json.loads(self.file.read_text())["address"]
        self.workers = [self.begin_worker() for _ in range(3)]

    def begin_worker(self):
        return self._begin(
            *("worker", "--no-nanny", "--nthreads=1", "--no-dashboard"),
            f"--local-directory={self.folder}",
        )

    def kill_worker(self, index):
        """With -9; another one takes its place."""
        self.workers[index].kill()
        assert self.workers[index].wait() == -signal.SIGKILL
        self.workers[index] = self.begin_worker()

    def end(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _begin(self, what, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}"]
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [*command, *options, f"--scheduler-file={self.file}"],
                stdout=log,
                stderr=log,
            )


@pytest.fixture
def cluster(tmp_path, light_processes):
    pytest.importorskip("distributed")
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder)
    yield cluster
    cluster.end()


def until(condition, process=None):
    """Waits for something to come true."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, "it ended before"
        time.sleep(0.05)


def test_workers_and_client_may_be_killed(cluster, tmp_path):
    """Two workers and the client, each in the middle of runs."""
    study = Study([Contender(m, m, SETTINGS) for m in MODELS], seeds=[0, 1, 2])
    compare(study, tmp_path / "alone")
    path = tmp_path / "runs"
    command = [sys.executable, "-m", "keras_qlae", "compare", *MODELS]
    command += ["--seeds=0-2", "--jobs=3", f"--scheduler={cluster.address}"]
    command += [f"--directory={path}"]
    command += [f"--{name}={value}" for name, value in SETTINGS.items()]

    def begin():
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def saved(model, seed):
        run = path / "room3d" / model / f"seed-{seed}"
        return (run / "checkpoint" / "epoch-00001").exists

    client = begin()
    until(saved("qlae", 0), client)
    cluster.kill_worker(0)
    until(saved("qlae", 1), client)
    client.kill()
    assert client.wait() == -signal.SIGKILL
    client = begin()
    until(saved("qlae", 2), client)
    cluster.kill_worker(1)
    assert client.wait(240) == 0
    for name in TABLES:
        there = (path / name).read_text()
        assert there == (tmp_path / "alone" / name).read_text(), name
