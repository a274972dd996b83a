"""A process that does one run of a study.

It is started by `running` with the task as a line of JSON on its standard
input, which stays open as long as the comparison lives: when that ends,
however it ends, so does this process, and leaves the run to be gone on with.
"""

import json
import logging
import os
import sys
import threading
import time
from typing import IO

from keras_qlae import runs
from keras_qlae.comparing.rotation import score_rotated
from keras_qlae.comparing.task import Task
from keras_qlae.runs.directory import RunDirectory

_PATIENCE = 30.0  # seconds for a process of a killed comparison to end

_logger = logging.getLogger(__name__)


def main() -> None:
    """Does the task that stands on standard input."""
    task = Task.from_dict(json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    do(task)


def do(task: Task) -> None:
    """Trains a run, or goes on with it; rotates its latents if wanted."""
    _wait_until_free(task.run)
    if task.contender.rotate:
        task.run.claim(task.config())
        _wait_until_free(RunDirectory(task.source))
    source = runs.train(
        task.source, task.recipe, task.dataset, task.seed, task.precision, 2
    )
    if not task.contender.rotate:
        return
    with task.run.locked():
        if not score_rotated(task.run, source, task.recipe, task.seed):
            _logger.warning(
                "FastICA did not converge: the scores are those of its last "
                "iteration."
            )


def _end_with(stream: IO[str]) -> None:
    """Ends this process at the end of the stream."""
    stream.read()
    os._exit(1)


def _wait_until_free(run: RunDirectory) -> None:
    """Gives a process that is about to end the time to do so."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with run.locked():
                return
        except RuntimeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
