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
    if value is not None:
        use_backend(value)
        return value
    wanted = os.environ.get("KERAS_BACKEND", _BACKENDS[0])
    if wanted not in _BACKENDS:
        raise click.BadParameter(
            f"the environment variable KERAS_BACKEND is {wanted!r:.100}: set "
            f"it to {', '.join(_BACKENDS)}, or give --backend"
        )
    return value


def use_backend(value: str) -> None:
    """Sets the backend that Keras uses when it is imported.

    If Keras is already imported with another one, the command restarts. The
    name may come from a stranger's file.
    """
    if value not in _BACKENDS:
        raise click.BadParameter(f"There is no backend {value!r:.100}")
    if importlib.util.find_spec(value) is None:
        raise click.BadParameter(
            f"{value} is not installed: pip install 'keras-qlae[{value}]'"
        )
    os.environ["KERAS_BACKEND"] = value
    keras = sys.modules.get("keras")
    if keras is not None and keras.backend.backend() != value:
        sys.stdout.flush()  # the command restarts
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
