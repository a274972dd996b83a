"""The option that chooses the backend."""

import importlib.util
import os
import sys
from typing import Any

import click

_BACKENDS = ("tensorflow", "jax", "torch")


def _use_backend(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Tells Keras which backend to use: it asks when it is imported."""
    if value is None:
        return None
    if importlib.util.find_spec(value) is None:
        raise click.BadParameter(
            f"{value} is not installed: pip install 'keras-qlae[{value}]'"
        )
    os.environ["KERAS_BACKEND"] = value
    keras = sys.modules.get("keras")
    if keras is not None and keras.backend.backend() != value:
        sys.stdout.flush()  # the command starts anew
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
