"""Does the runs of a study, each in a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras

from keras_qlae.comparing import results
from keras_qlae.comparing.progress import Progress
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.summary import METRICS
from keras_qlae.comparing.task import Task
from keras_qlae.comparing.task import tasks_of
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.training import load_dataset

_PAUSE = 0.2  # seconds between looks at the processes
_TAIL = 5  # lines of a failed run's log that are shown
_THREADS = (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def compare(
    study: Study,
    directory: Path | str,
    jobs: int = 1,
    precision: str = "float32",
) -> list[dict[str, Any]]:
    """Trains and scores every run of a study, and writes its tables.

    The directory gets a folder for each data set with the run directories,
    `<data set>/<model>/seed-<seed>`, and what each printed in a file beside
    it; `results.csv`, a line a run; `table.md`, `table.csv` and `table.tex`,
    means with 95 % confidence intervals over seeds; and `comparison.png`.
    All are written anew whenever a run ends.

    Called again after a kill it goes on: finished runs are left alone, others
    go on from their last checkpoint, failed ones are tried again. A run that
    fails does not stop the others.

    Args:
        study: What is compared.
        directory: Where it goes.
        jobs: Runs at a time; the processor's cores are divided among them.
        precision: Keras dtype policy of every run.

    Returns:
        The rows of `results.csv`.

    Raises:
        ValueError: `jobs` below 1, or a run directory that holds a run of
            other settings; before any run is begun.
        FileNotFoundError: A data set that has to be prepared first.
        RuntimeError: Another process compares in the directory.
        OSError: The directory cannot be written.
    """
    if jobs < 1:
        raise ValueError(f"`jobs` must be at least 1. Received: jobs={jobs}")
    directory = Path(directory)
    tasks = tasks_of(study, directory, precision)
    for task in tasks:
        task.check()
    _check_prepared(tasks)
    with RunDirectory(directory).locked():
        runner = _Runner(study, directory, tasks, _environment(jobs))
        runner.do_all(jobs)
        return runner.write()


def _check_prepared(tasks: Sequence[Task]) -> None:
    """Raises if a data set is not there, or cannot be read."""
    sizes = {(task.dataset, task.recipe.image_size): task for task in tasks}
    for task in sizes.values():
        load_dataset(task.config())


class _Running(NamedTuple):
    task: Task
    process: subprocess.Popen[str]


class _Runner:
    """Starts the runs and waits for them."""

    def __init__(
        self,
        study: Study,
        directory: Path,
        tasks: Sequence[Task],
        environment: dict[str, str],
    ) -> None:
        self.study = study
        self.directory = directory
        self.tasks = tasks
        self.environment = environment
        self.waiting = [task for task in tasks if not task.is_finished]
        self.running: list[_Running] = []
        self.failed: list[Task] = []

    def do_all(self, jobs: int) -> None:
        """Returns when every run is finished or has failed."""
        with Progress(self.tasks) as progress:
            try:
                while self.waiting or self.running:
                    self._start_ready(jobs, progress)
                    time.sleep(_PAUSE)
                    self._collect(progress)
                    going = [each.task for each in self.running]
                    progress.show(going, self.failed)
            finally:
                for each in self.running:
                    _end(each.process)

    def write(self) -> list[dict[str, Any]]:
        """Writes what there is so far."""
        failed = {task.directory for task in self.failed}
        rows = results.rows_of(self.tasks, failed)
        results.write(self.directory, self.study, rows)
        return rows

    def _start_ready(self, jobs: int, progress: Progress) -> None:
        failed = {task.directory for task in self.failed}
        for task in list(self.waiting):
            if task.source in failed:
                self.waiting.remove(task)
                self.failed.append(task)
                progress.line(f"FAILED {task.name}: so did what it rotates")
                self.write()
            elif len(self.running) < jobs and self._is_ready(task):
                self.waiting.remove(task)
                self.running.append(_Running(task, self._start(task)))
                progress.line(f"started {task.name}; it prints to {task.log}")

    def _is_ready(self, task: Task) -> bool:
        """Whether the run that it rotates is not still to be trained."""
        going = [each.task for each in self.running]
        return task.source == task.directory or all(
            other.directory != task.source for other in (*self.waiting, *going)
        )

    def _start(self, task: Task) -> subprocess.Popen[str]:
        task.log.parent.mkdir(parents=True, exist_ok=True)
        with task.log.open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "keras_qlae.comparing.worker"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                text=True,
            )
        # The pipe stays open: the worker ends when this process does.
        with contextlib.suppress(BrokenPipeError):
            _stdin(process).write(json.dumps(task.to_dict()) + "\n")
            _stdin(process).flush()
        return process

    def _collect(self, progress: Progress) -> None:
        for each in list(self.running):
            code = each.process.poll()
            if code is None:
                continue
            _end(each.process)
            self.running.remove(each)
            if code or not each.task.is_finished:
                self.failed.append(each.task)
                progress.line(_failure(each.task, code))
            rows = self.write()
            if each.task not in self.failed:
                progress.line(_success(each.task, self.tasks, rows))


def _success(
    task: Task, tasks: Sequence[Task], rows: Sequence[dict[str, Any]]
) -> str:
    row = rows[tasks.index(task)]
    scores = "  ".join(
        f"{metric.title} {row[name]:.{metric.digits}f}"
        for name, metric in METRICS.items()
        if row[name] is not None
    )
    return f"{row['status']} {task.name}: {scores}"


def _failure(task: Task, code: int) -> str:
    """Says how a run ended, with the last lines that it printed."""
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    text = task.log.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()][-_TAIL:]
    tail = "".join(f"\n    {line}" for line in lines)
    return f"FAILED {task.name} ({how}); {task.log} ends with:{tail}"


def _environment(jobs: int) -> dict[str, str]:
    """What the processes get: the backend, and their share of the cores."""
    environment = os.environ | {
        "KERAS_BACKEND": keras.backend.backend(),
        "PYTHONUNBUFFERED": "1",  # so that the logs can be followed
    }
    if jobs > 1:
        share = max(1, (os.cpu_count() or 1) // jobs)
        for name in _THREADS:
            environment.setdefault(name, str(share))
    return environment


def _stdin(process: subprocess.Popen[str]) -> Any:
    return process.stdin


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a process, if it has not ended, and all that belongs to it."""
    with contextlib.suppress(BrokenPipeError):
        _stdin(process).close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
