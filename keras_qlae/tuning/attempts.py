"""Tries at a trial: each has its own files, and the last to begin counts."""

import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import keras

from keras_qlae.files import replacing
from keras_qlae.files import write_text

_RUN = "run"


class Attempt:
    """One process's try at a trial.

    A trial whose worker is silent is given to another, and the first may only
    be slow. So each writes into a folder of its own, and stops when it finds
    that another has begun.

    Args:
        trial_directory: The trial's folder, which all its attempts share.

    Attributes:
        path: The attempt's own folder, where `run` is left.
    """

    def __init__(self, trial_directory: Path) -> None:
        self._trial = trial_directory
        self._current = trial_directory / "attempt"
        self.path = trial_directory / f"attempt-{uuid.uuid4().hex[:12]}"
        write_text(self._current, self.path.name)
        for other in trial_directory.glob("attempt-*"):
            shutil.rmtree(other, ignore_errors=True)

    @property
    def is_current(self) -> bool:
        """Whether no other attempt has begun."""
        try:
            return self._current.read_text(encoding="utf-8") == self.path.name
        except OSError:
            return True  # the disk is away: that is not to lose the work

    def check(self) -> None:
        """Raises `RuntimeError` if another attempt has begun."""
        if not self.is_current:
            raise RuntimeError(
                f"{self._trial.name} was given to another worker, since this "
                "one gave no sign of life: its result is left out."
            )

    def publish(self) -> None:
        """Makes this attempt's run the trial's.

        Raises:
            RuntimeError: Another attempt has begun.
        """
        self.check()
        with replacing(self._trial / _RUN) as path:
            os.replace(self.path / _RUN, path)
        shutil.rmtree(self.path)


class StopIfOutdated(keras.callbacks.Callback):
    """Stops training, with an error, once another attempt has begun."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self.attempt = attempt

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.attempt.check()
