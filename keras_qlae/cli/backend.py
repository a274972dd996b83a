"""The option that chooses the backend."""

import importlib.util
import os
import sys
from typing import Any

import click
import keras

_BACKENDS = ("tensorflow", "jax", "torch")


def _use_backend(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Starts the command anew if Keras came up on another backend.

    Keras chooses its backend when it is imported, and that was before the
    option could be read.
    """
    if value not in (None, keras.backend.backend()):
        if importlib.util.find_spec(str(value)) is None:
            raise click.BadParameter(
                f"{value} is not installed: pip install 'keras-qlae[{value}]'"
            )
        os.environ["KERAS_BACKEND"] = str(value)
        sys.stdout.flush()
        sys.stderr.flush()
        arguments = [sys.executable, "-m", "keras_qlae", *sys.argv[1:]]
        os.execv(sys.executable, arguments)
    return value


def backend_option(command: Any) -> Any:
    """Adds `--backend` to a command."""
    return click.option(
        "--backend",
        type=click.Choice(_BACKENDS),
        callback=_use_backend,
        is_eager=True,
        expose_value=False,
        help="Framework to run on. Defaults to KERAS_BACKEND, or TensorFlow.",
    )(command)
