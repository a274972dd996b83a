"""Safe loading of a run, which may come from somebody else."""

import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras_qlae import recipes
from keras_qlae.export.finite import check_finite
from keras_qlae.files import check_ordinary
from keras_qlae.recipes import Recipe
from keras_qlae.recipes.parts import import_module
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.records import Configuration

_SMALL = 10_000_000  # an archive may always unpack to this many bytes


def allow(config: Configuration, imports: Sequence[str] = ()) -> None:
    """Imports the modules that a run needs, if they are allowed.

    A run directory may come from somebody else, and importing a module runs
    its code. So a module that `config.json` names is imported only if it is
    already loaded, or named in `imports`.
    """
    for path in config.foreign_parts:
        module = path.partition(":")[0]
        if module in sys.modules:
            continue
        if module not in imports:
            raise ValueError(
                f"The run uses `{path}`, which is not part of keras_qlae. If "
                f"you trust that code, import it first: `--import {module}` "
                f"on the command line, `imports=[{module!r}]` in Python. "
                f"Received: imports={list(imports)!r}"
            )
        import_module(module)


def recipe_of(config: Configuration) -> Recipe:
    """The recipe of a configuration, after its modules were allowed."""
    is_named = config.recipe in recipes.available()
    summary = recipes.summary(config.recipe) if is_named else ""
    return recipes.start(config.recipe, summary, config.settings)


def load_model(run: RunDirectory) -> Any:
    """The trained model of a run, compiled as in training.

    Raises:
        ValueError: The file is damaged, or its weights are not finite.
    """
    check_ordinary(run.model)
    try:
        _check_unpacked(run.model)
        model = keras.saving.load_model(run.model)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise ValueError(
            f"{run.model} cannot be loaded ({type(error).__name__}: {reason}). "
            "If it is damaged, delete it and call `keras-qlae train` with the "
            "settings of the run: the model is made again from its last "
            "checkpoint."
        ) from error
    check_finite(model)
    return model


def _check_unpacked(path: Path) -> None:
    """Raises if an archive unpacks to far more than its size.

    Keras does not compress the members of a `.keras` file, and reads each into
    memory.
    """
    with zipfile.ZipFile(path) as archive:
        num_bytes = sum(member.file_size for member in archive.infolist())
    if num_bytes > max(_SMALL, 2 * path.stat().st_size):
        raise ValueError(f"it unpacks to {num_bytes:,} bytes")
