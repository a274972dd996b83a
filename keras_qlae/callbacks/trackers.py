"""Sends training runs to Weights & Biases and MLflow."""

import importlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from typing import Self

import keras

from keras_qlae.files import read_json
from keras_qlae.files import write_json

IDS = "trackers.json"
_FOREIGN = re.compile(r"[^\w./: -]")  # not allowed in names by MLflow
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Tracker(keras.callbacks.Callback):
    """Sends the logs of each epoch to a tracker.

    Use it as a context around `fit`, and give it to `fit`, after the
    callbacks whose scores it should send. A run that is resumed in the same
    directory is also resumed at the tracker: `trackers.json` has its id.

    A subclass defines `extra`, the library, and `_begin`, `_log`,
    `_summarize` and `_end`.

    Args:
        directory: Folder of the run.
        name: Name of the run at the tracker.
        settings: Plain values by name.

    Raises:
        ImportError: The library is not installed.
    """

    extra = ""

    def __init__(
        self, directory: Path, name: str, settings: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.library = imported(self.extra)
        self.directory = directory
        self.name = name
        self.settings = dict(settings)
        self._is_begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_begun:
            self._end(is_whole=kind is None)
            self._is_begun = False

    def summarize(self, scores: Mapping[str, float]) -> None:
        """Sends the scores of the trained model."""
        if self._is_begun:
            self._summarize(dict(scores))

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not self._is_begun:
            known = self._known_id()
            found = self._begin(known)
            if found != known:
                write_json(
                    self.directory / IDS, {**self._ids(), self.extra: found}
                )
            self._is_begun = True

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        self._log(values, epoch + 1)

    def _begin(self, known: str | None) -> str:
        """Starts a run, or resumes the one with a known id; returns the id."""
        raise NotImplementedError

    def _log(self, values: dict[str, float], epoch: int) -> None:
        raise NotImplementedError

    def _summarize(self, scores: dict[str, float]) -> None:
        raise NotImplementedError

    def _end(self, is_whole: bool) -> None:
        raise NotImplementedError

    def _known_id(self) -> str | None:
        """The id of an earlier call, checked, since ids are part of paths."""
        known = self._ids().get(self.extra)
        if known is None or (isinstance(known, str) and _ID.fullmatch(known)):
            return known
        raise ValueError(
            f"{self.directory / IDS} is damaged: delete it to start a new "
            f"run at {self.extra}. Received: {known!r:.100}"
        )

    def _ids(self) -> dict[str, Any]:
        path = self.directory / IDS
        found = read_json(path) if path.exists() else {}
        return found if isinstance(found, dict) else {self.extra: found}


class WandB(Tracker):
    """A run at Weights & Biases.

    Project, entity and mode come from `WANDB_PROJECT` (by default
    `keras-qlae`), `WANDB_ENTITY`, `WANDB_MODE` and so on. Arguments are those
    of `Tracker`.
    """

    extra = "wandb"

    def _begin(self, known: str | None) -> str:
        own = known or secrets.token_hex(4)
        self._run = self.library.init(
            project=os.environ.get("WANDB_PROJECT", "keras-qlae"),
            name=self.name,
            id=own,
            resume="allow",
            config=self.settings,
            dir=str(self.directory),
        )
        return own

    def _log(self, values: dict[str, float], epoch: int) -> None:
        self._run.log({"epoch": epoch, **values}, step=epoch)

    def _summarize(self, scores: dict[str, float]) -> None:
        self._run.summary.update(scores)

    def _end(self, is_whole: bool) -> None:
        self._run.finish(exit_code=0 if is_whole else 1)


class MLflow(Tracker):
    """A run at MLflow.

    Server and experiment come from `MLFLOW_TRACKING_URI` and
    `MLFLOW_EXPERIMENT_NAME`. Arguments are those of `Tracker`.
    """

    extra = "mlflow"

    def _begin(self, known: str | None) -> str:
        begun = self.library.start_run(run_id=known, run_name=self.name)
        if known is None:  # parameters cannot be changed
            self.library.log_params(self.settings)
        return str(begun.info.run_id)

    def _log(self, values: dict[str, float], epoch: int) -> None:
        allowed = {_FOREIGN.sub("_", name): v for name, v in values.items()}
        self.library.log_metrics(allowed, step=epoch)

    def _summarize(self, scores: dict[str, float]) -> None:
        final = {f"final_{name}": value for name, value in scores.items()}
        self._log(final, epoch=0)

    def _end(self, is_whole: bool) -> None:
        self.library.end_run("FINISHED" if is_whole else "FAILED")


def imported(extra: str) -> Any:
    """The library of an extra of this package, if it is installed."""
    try:
        return importlib.import_module(extra)
    except ImportError as error:
        raise ImportError(
            f"`{extra}` is not installed: `pip install 'keras-qlae[{extra}]'`."
        ) from error
