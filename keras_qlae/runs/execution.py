"""Runs as tasks: plain data that a process on any machine can execute."""

import concurrent.futures
import contextlib
import dataclasses
import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent.futures import Executor
from concurrent.futures import Future
from pathlib import Path
from typing import IO
from typing import Any
from typing import NamedTuple
from typing import Self

import keras

from keras_qlae import recipes
from keras_qlae.files import open_to_append
from keras_qlae.recipes import Recipe
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.rotation import score_rotated
from keras_qlae.runs.training import describe
from keras_qlae.runs.training import train

UNUSABLE = 3  # exit code: the settings cannot be built, or diverge

_PATIENCE = 30.0  # seconds for the process of a killed caller to end
_TAIL = 5  # lines of a log that are shown
_READ = 2**16  # bytes at its end that are read
_WIDTH = 1000  # most characters of a line
_GPUS = "CUDA_VISIBLE_DEVICES"
_THREADS = (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)

_logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Task:
    """One run, as plain data.

    The directory is absolute, settings are as in `Recipe.to_dict` and callbacks
    names. If there is a `source`, the latents of that run are rotated by
    independent component analysis. It is trained first, unless it is finished.
    """

    directory: str
    recipe: str
    summary: str
    settings: dict[str, Any]
    dataset: str
    seed: int
    precision: str
    source: str = ""
    callbacks: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        directory: Path,
        recipe: Recipe,
        dataset: str,
        seed: int,
        precision: str,
        source: Path | None = None,
        callbacks: Sequence[str] = (),
    ) -> Self:
        """Makes the task of training a recipe."""
        return cls(
            str(directory.absolute()),
            recipe.name,
            recipe.summary,
            recipe.to_dict(),
            dataset,
            seed,
            precision,
            "" if source is None else str(source.absolute()),
            list(callbacks),
        )

    def to_recipe(self) -> Recipe:
        """The recipe that is trained."""
        return recipes.start(self.recipe, self.summary, self.settings)

    def describe(self) -> Configuration:
        """Everything needed to repeat it, without loading the data set."""
        config = describe(
            self.to_recipe(), self.dataset, self.seed, self.precision
        )
        rotate = "ica" if self.source else None
        return config.model_copy(update={"rotate": rotate})


class Outcome(NamedTuple):
    """How a run in a separate process ended; code `-n` after signal `n`."""

    code: int
    last_lines: list[str]

    @property
    def how(self) -> str:
        """The exit code or the signal in words."""
        if self.code >= 0:
            return f"exit code {self.code}"
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-self.code).name}"
        return f"signal {-self.code}"


def execute(task: Task, verbose: int = 2) -> None:
    """Starts or resumes a run in this process, as `runs.train`."""
    run = RunDirectory(task.directory)
    _wait_until_free(run)
    trained = run
    if task.source:
        config = task.describe()
        if run.config.exists() and run.wants_more(config):
            run.scores.unlink(missing_ok=True)
        run.claim(config)
        trained = RunDirectory(task.source)
        _wait_until_free(trained)
    recipe = task.to_recipe()
    train(
        trained.path,
        recipe,
        task.dataset,
        task.seed,
        task.precision,
        verbose,
        task.callbacks,
    )
    if not task.source:
        return
    with run.locked():
        if not score_rotated(run, trained, recipe, task.seed):
            _logger.warning(
                "FastICA did not converge: the scores are those of its last "
                "iteration."
            )


def execute_apart(
    task: Task, log: str, environment: Mapping[str, str]
) -> Outcome:
    """Does a run in a separate process, and waits for it.

    A crash ends only that process. It reads the task from its standard input,
    which stays open. So when the calling process ends, even by a kill, the
    process of the run ends too, and the run can be resumed. Its output is
    appended to the log. The environment replaces variables of this process.
    """
    with open_to_append(Path(log)) as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "keras_qlae.runs.execution"],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
            text=True,
        )
    _processes[task.directory] = process
    try:
        with contextlib.suppress(OSError):  # the process has already ended
            _stdin(process).write(json.dumps(dataclasses.asdict(task)) + "\n")
            _stdin(process).flush()
        code = process.wait()
    finally:
        _end(task)
        del _processes[task.directory]
    return Outcome(code, _last_lines(Path(log)))


class Jobs:
    """Submits tasks to an executor, and at exit ends those still running.

    Args:
        number: How many run at a time.
        executor: The executor. By default threads of this process, each of
            which starts processes. Then the cores are divided among the jobs
            and, if there are several jobs and GPUs, each job gets a GPU.

    Raises:
        ValueError: `number` is below 1.
    """

    def __init__(self, number: int, executor: Executor | None = None) -> None:
        if number < 1:
            raise ValueError(
                f"`jobs` must be at least 1. Received: jobs={number}"
            )
        self._executor = executor or local_executor(number)
        self._is_own = executor is None
        self._free: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        for i in range(number):
            self._free.put(_environment(i, number if executor is None else 0))
        self._running: dict[Future[Outcome], tuple[Task, dict[str, str]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for future in self._running:
            future.cancel()
        if not self._is_own:
            return
        while not all(future.done() for future in self._running):
            for task, _ in self._running.values():
                _end(task)
            concurrent.futures.wait(self._running, 0.2)
        self._executor.shutdown()

    @property
    def is_free(self) -> bool:
        """Whether another task can be started."""
        return not self._free.empty()

    def begin(self, task: Task, log: Path) -> Future[Outcome]:
        """Starts a task; call it only if `is_free`."""
        environment = self._free.get_nowait()
        future = self._executor.submit(
            execute_apart, task, str(log.absolute()), environment
        )
        self._running[future] = task, environment
        return future

    def ended(
        self, seconds: float | None = None
    ) -> list[tuple[Future[Outcome], Outcome]]:
        """Waits for tasks to end, by default until one has ended.

        Each task is returned once: what `begin` returned, and how it ended.
        """
        done, _ = concurrent.futures.wait(
            self._running, seconds, concurrent.futures.FIRST_COMPLETED
        )
        for future in done:
            self._free.put(self._running.pop(future)[1])
        return [(future, _outcome_of(future)) for future in done]


def local_executor(jobs: int) -> Executor:
    """Makes an executor on this machine, for `execute_apart`."""
    return concurrent.futures.ThreadPoolExecutor(jobs)


def cluster_executor(address: str) -> Executor:
    """Makes an executor of a Dask cluster, whose workers share the disk.

    The address is that of its scheduler, such as `tcp://10.0.0.1:8786`.
    """
    try:
        import distributed as dask
    except ImportError as error:
        raise ImportError(
            "A cluster needs Dask: `pip install keras-qlae[cluster]`."
        ) from error
    distributed: Any = dask  # it has no types
    executor: Executor = distributed.Client(address).get_executor()
    return executor


@contextlib.contextmanager
def without_gpus() -> Iterator[None]:
    """Prevents a framework that has not started from taking the GPUs.

    Used in a process that only decides which runs to make.
    """
    before = os.environ.get(_GPUS)
    os.environ[_GPUS] = "-1"
    try:
        yield
    finally:
        del os.environ[_GPUS]
        if before is not None:
            os.environ[_GPUS] = before


_processes: dict[str, subprocess.Popen[str]] = {}  # by run directory


def _end(task: Task) -> None:
    """Ends the process of a task, if this process has started one."""
    process = _processes.get(task.directory)
    if process is None:
        return
    with contextlib.suppress(OSError):
        _stdin(process).close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()


def _last_lines(log: Path) -> list[str]:
    """The last non-empty lines of a log, truncated."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _READ))
        text = file.read().decode("utf-8", errors="replace")
    lines = [line[:_WIDTH] for line in text.splitlines() if line.strip()]
    return lines[-_TAIL:]


def _outcome_of(future: Future[Outcome]) -> Outcome:
    """How a task ended, or why the executor failed."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, OSError):
        raise error
    return Outcome(1, [f"{type(error).__name__}: {error}"])


def _stdin(process: subprocess.Popen[str]) -> Any:
    return process.stdin


def _environment(slot: int, jobs: int) -> dict[str, str]:
    """Environment variables of a job: backend, share of cores, GPU.

    `jobs` of them share this machine; 0 are on other machines.
    """
    environment = {
        "KERAS_BACKEND": keras.backend.backend(),
        "PYTHONUNBUFFERED": "1",  # so that the logs can be followed
    }
    if jobs < 2:
        return environment
    share = max(1, (os.cpu_count() or 1) // jobs)
    for name in _THREADS:
        environment[name] = os.environ.get(name, str(share))
    found = _gpus()
    if found:
        environment[_GPUS] = found[slot % len(found)]
    if jobs > len(found) > 0:
        environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    return environment


def _gpus() -> list[str]:
    """The GPUs that this process may use, without initializing them."""
    chosen = os.environ.get(_GPUS)
    if chosen is not None:
        return [each for each in chosen.split(",") if each not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(
        ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.split() if listed.returncode == 0 else []


def _wait_until_free(run: RunDirectory) -> None:
    """Waits for a process that is about to end."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            with run.locked():
                return
        except RuntimeError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _end_with(stream: IO[str]) -> None:
    """Ends this process at the end of the stream."""
    while os.read(stream.fileno(), 1024):  # `stream.read` would hold a lock
        pass
    os._exit(1)


def main() -> None:
    """Executes the task that it reads from standard input."""
    task = Task(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    try:
        execute(task)
    except (FloatingPointError, ValueError):
        traceback.print_exc()
        sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
