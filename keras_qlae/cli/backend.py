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
    if value is not None:
        use_backend(value)
    return value


def use_backend(value: str) -> None:
    """Starts the command anew on another backend, if it is not on this one.

    Args:
        value: The backend; it may be what a file says.

    Raises:
        click.BadParameter: There is no such backend, or it is not installed.
    """
    if value not in _BACKENDS:
        raise click.BadParameter(f"There is no backend {value!r:.100}")
    if value != keras.backend.backend():
        if importlib.util.find_spec(value) is None:
            raise click.BadParameter(
                f"{value} is not installed: pip install 'keras-qlae[{value}]'"
            )
        os.environ["KERAS_BACKEND"] = value
        sys.stdout.flush()
        sys.stderr.flush()
        arguments = [sys.executable, "-m", "keras_qlae", *sys.argv[1:]]
        os.execv(sys.executable, arguments)


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
