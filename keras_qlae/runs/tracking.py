"""Callbacks of a run by name: trackers, and the user's own code."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import keras

from keras_qlae.callbacks.trackers import MLflow
from keras_qlae.callbacks.trackers import WandB
from keras_qlae.callbacks.trackers import imported
from keras_qlae.hints import hint
from keras_qlae.recipes.parts import import_object
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.records import Configuration

_TRACKERS = {"wandb": WandB, "mlflow": MLflow}
TRACKERS = ("tensorboard", *_TRACKERS)

Named: TypeAlias = "str | keras.callbacks.Callback"


def check(named: Sequence[Named], only_names: bool = False) -> None:
    """Raises unless there are callbacks with these names.

    `only_names` refuses callbacks themselves, as tasks do.
    """
    for each in named:
        if isinstance(each, keras.callbacks.Callback):
            if only_names:
                raise ValueError(
                    "`callbacks` must be names if there are several runs, "
                    "since each makes its own: `module:name` of a class or "
                    f"function. Received: {type(each).__name__}"
                )
        elif each == "tensorboard":
            imported("tensorboard")
        elif each in _TRACKERS:
            imported(each)
        elif isinstance(each, str) and ":" in each:
            import_object(each)
        else:
            raise ValueError(
                f"`callbacks` must be Keras callbacks, names of trackers "
                f"({', '.join(TRACKERS)}), or `module:name` of a class or "
                f"function that makes a callback.{hint(str(each), TRACKERS)} "
                f"Received: {each!r}"
            )


def callbacks_of(
    named: Sequence[Named], run: RunDirectory, config: Configuration
) -> list[keras.callbacks.Callback]:
    """Makes the callbacks of a run, as named in `runs.train`."""
    check(named)
    return [_made(each, run, config) for each in named]


def _made(
    named: Named, run: RunDirectory, config: Configuration
) -> keras.callbacks.Callback:
    if isinstance(named, keras.callbacks.Callback):
        return named
    if named == "tensorboard":
        return keras.callbacks.TensorBoard(
            str(run.path / "tensorboard"), write_graph=False
        )
    if named in _TRACKERS:
        return _TRACKERS[named](run.path, _name(run.path), config.flat())
    make = import_object(named)
    arguments = {}
    if "directory" in inspect.signature(make).parameters:
        arguments["directory"] = run.path
    callback = make(**arguments)
    if not isinstance(callback, keras.callbacks.Callback):
        raise ValueError(
            f"`{named}` must return a `keras.callbacks.Callback`. Received: "
            f"{type(callback).__name__}"
        )
    return callback


def _name(path: Path) -> str:
    """The path of a run, relative if it is below the current folder."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
