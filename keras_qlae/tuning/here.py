"""Runs trials in this process, one after the other."""

from concurrent.futures import Future
from pathlib import Path
from typing import Self

import keras

from keras_qlae import runs
from keras_qlae.datasets import FactorDataset
from keras_qlae.runs.execution import UNUSABLE
from keras_qlae.runs.execution import Outcome
from keras_qlae.runs.execution import Task


class Here:
    """Like `Jobs`, but does each task at once in this process.

    The data set may be an object.
    """

    def __init__(self, dataset: str | FactorDataset, verbose: int) -> None:
        self._dataset = dataset
        self._verbose = verbose
        self._done: list[Future[Outcome]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing: no process has to end."""

    @property
    def is_free(self) -> bool:
        """Whether the last task was collected."""
        return not self._done

    def begin(self, task: Task, log: Path) -> Future[Outcome]:
        """Does a task."""
        keras.utils.clear_session()
        outcome = Outcome(0, [])
        try:
            runs.train(
                task.directory,
                task.to_recipe(),
                self._dataset,
                task.seed,
                task.precision,
                self._verbose,
                task.callbacks,
            )
        except (FloatingPointError, ValueError) as error:
            outcome = Outcome(UNUSABLE, [str(error)])
        future: Future[Outcome] = Future()
        future.set_result(outcome)
        self._done.append(future)
        return future

    def ended(self) -> list[tuple[Future[Outcome], Outcome]]:
        """The task that was done."""
        done, self._done = self._done, []
        return [(future, future.result()) for future in done]
